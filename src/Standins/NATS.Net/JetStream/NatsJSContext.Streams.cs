using System.Runtime.CompilerServices;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

/// <summary>Managing streams.</summary>
public sealed partial class NatsJSContext
{
    /// <inheritdoc />
    public async ValueTask<INatsJSStream> CreateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        CheckStreamName(config.Name);
        var info = await JSRequestResponseAsync<StreamConfig, StreamInfo>(Api($"STREAM.CREATE.{config.Name}"), config, cancellationToken);
        return new NatsJSStream(this, info);
    }

    /// <inheritdoc />
    public async ValueTask<INatsJSStream> CreateOrUpdateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        CheckStreamName(config.Name);
        var result = await RequestAsync<StreamConfig, StreamInfo>(Api($"STREAM.UPDATE.{config.Name}"), config, cancellationToken);
        return result switch
        {
            { Error.Code: 404 } => await CreateStreamAsync(config, cancellationToken),
            { Error: { } error } => throw new NatsJSApiException(error),
            _ => new NatsJSStream(this, result.Value!),
        };
    }

    /// <inheritdoc />
    public async ValueTask<INatsJSStream> UpdateStreamAsync(StreamConfig request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckStreamName(request.Name);
        var info = await JSRequestResponseAsync<StreamConfig, StreamInfo>(Api($"STREAM.UPDATE.{request.Name}"), request, cancellationToken);
        return new NatsJSStream(this, info);
    }

    /// <inheritdoc />
    public async ValueTask<INatsJSStream> GetStreamAsync(string stream, StreamInfoRequest? request = null, CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        var info = await JSRequestResponseAsync<StreamInfoRequest, StreamInfo>(Api($"STREAM.INFO.{stream}"), request, cancellationToken);
        return new NatsJSStream(this, info);
    }

    /// <inheritdoc />
    public async ValueTask<bool> DeleteStreamAsync(string stream, CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        return (await JSRequestResponseAsync<object, SuccessResponse>(Api($"STREAM.DELETE.{stream}"), request: null, cancellationToken)).Success;
    }

    /// <inheritdoc />
    public ValueTask<StreamPurgeResponse> PurgeStreamAsync(string stream, StreamPurgeRequest request, CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        return JSRequestResponseAsync<StreamPurgeRequest, StreamPurgeResponse>(Api($"STREAM.PURGE.{stream}"), request, cancellationToken);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<string> ListStreamNamesAsync(string? subject = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var offset = 0;
        StreamNamesResponse page;
        do
        {
            page = await JSRequestResponseAsync<StreamNamesRequest, StreamNamesResponse>(Api("STREAM.NAMES"), new StreamNamesRequest(subject, offset), cancellationToken);
            foreach (var name in page.Streams ?? [])
                yield return name;

            offset += page.Streams?.Length ?? 0;
        }
        while (page.Streams is { Length: > 0 } && offset < page.Total);
    }
}

internal sealed class NatsJSStream(NatsJSContext context, StreamInfo info) : INatsJSStream
{
    public StreamInfo Info { get; private set; } = info;

    private string Name => Info.Config.Name ?? throw new NatsJSException("stream without a name");

    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default) =>
        Info = (await context.GetStreamAsync(Name, request: null, cancellationToken)).Info;

    public ValueTask<StreamPurgeResponse> PurgeAsync(StreamPurgeRequest request, CancellationToken cancellationToken = default) =>
        context.PurgeStreamAsync(Name, request, cancellationToken);

    public ValueTask<StreamMsgGetResponse> GetAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default) =>
        context.JSRequestResponseAsync<StreamMsgGetRequest, StreamMsgGetResponse>(NatsJSContext.Api($"STREAM.MSG.GET.{Name}"), request, cancellationToken);
}
