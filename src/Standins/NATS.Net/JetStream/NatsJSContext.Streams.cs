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
    public async ValueTask<NatsJSStream> UpdateStreamAsync(StreamConfig request, CancellationToken cancellationToken = default)
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
    public ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(string stream, StreamMsgDeleteRequest request, CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        return JSRequestResponseAsync<StreamMsgDeleteRequest, StreamMsgDeleteResponse>(Api($"STREAM.MSG.DELETE.{stream}"), request, cancellationToken);
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

/// <inheritdoc cref="INatsJSStream"/>
public sealed class NatsJSStream : INatsJSStream
{
    private readonly NatsJSContext _context;
    private readonly string _name;

    internal NatsJSStream(NatsJSContext context, StreamInfo info)
    {
        _context = context;
        _name = info.Config.Name ?? throw new NatsJSException("stream without a name");
        Info = info;
    }

    /// <inheritdoc />
    public StreamInfo Info { get; private set; }

    /// <inheritdoc />
    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default) =>
        Info = (await _context.GetStreamAsync(_name, request: null, cancellationToken)).Info;

    /// <inheritdoc />
    public async ValueTask UpdateAsync(StreamConfig request, CancellationToken cancellationToken = default) =>
        Info = (await _context.UpdateStreamAsync(request, cancellationToken)).Info;

    /// <inheritdoc />
    public ValueTask<bool> DeleteAsync(CancellationToken cancellationToken = default) => _context.DeleteStreamAsync(_name, cancellationToken);

    /// <inheritdoc />
    public ValueTask<StreamPurgeResponse> PurgeAsync(StreamPurgeRequest request, CancellationToken cancellationToken = default) =>
        _context.PurgeStreamAsync(_name, request, cancellationToken);

    /// <inheritdoc />
    public ValueTask<StreamMsgGetResponse> GetAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default) =>
        _context.JSRequestResponseAsync<StreamMsgGetRequest, StreamMsgGetResponse>(_context.Api($"STREAM.MSG.GET.{_name}"), request, cancellationToken);

    /// <inheritdoc />
    public ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(StreamMsgDeleteRequest request, CancellationToken cancellationToken = default) =>
        _context.DeleteMessageAsync(_name, request, cancellationToken);

    /// <inheritdoc />
    public ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(ConsumerConfig config, CancellationToken cancellationToken = default) =>
        _context.CreateOrUpdateConsumerAsync(_name, config, cancellationToken);

    /// <inheritdoc />
    public ValueTask<INatsJSConsumer> GetConsumerAsync(string consumer, CancellationToken cancellationToken = default) =>
        _context.GetConsumerAsync(_name, consumer, cancellationToken);

    /// <inheritdoc />
    public IAsyncEnumerable<INatsJSConsumer> ListConsumersAsync(CancellationToken cancellationToken = default) =>
        _context.ListConsumersAsync(_name, cancellationToken);

    /// <inheritdoc />
    public ValueTask<bool> DeleteConsumerAsync(string consumer, CancellationToken cancellationToken = default) =>
        _context.DeleteConsumerAsync(_name, consumer, cancellationToken);
}
