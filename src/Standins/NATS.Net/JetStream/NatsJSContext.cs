using System.Runtime.CompilerServices;
using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <inheritdoc cref="INatsJSContext"/>
public sealed partial class NatsJSContext : INatsJSContext
{
    private readonly NatsSubOpts _replyOpts;

    /// <summary>With default options.</summary>
    public NatsJSContext(INatsConnection connection)
        : this(connection, new NatsJSOpts((connection ?? throw new ArgumentNullException(nameof(connection))).Opts))
    {
    }

    /// <summary>With options. The connection must be a <see cref="NatsConnection"/>.</summary>
    public NatsJSContext(INatsConnection connection, NatsJSOpts opts)
    {
        ArgumentNullException.ThrowIfNull(opts);
        Core = connection as NatsConnection ?? throw new ArgumentException($"not a {nameof(NatsConnection)}", nameof(connection));
        Opts = opts;
        // Nobody listening is an answer here, not an exception.
        _replyOpts = new NatsSubOpts { Timeout = opts.RequestTimeout, ThrowIfNoResponders = false };
    }

    /// <inheritdoc />
    public INatsConnection Connection => Core;

    /// <inheritdoc />
    public NatsJSOpts Opts { get; }

    internal NatsConnection Core { get; }

    /// <summary>Calls the JetStream API: <paramref name="subject"/> in full, null for an empty request.</summary>
    internal async ValueTask<TResponse> JSRequestResponseAsync<TRequest, TResponse>(string subject, TRequest? request, CancellationToken cancellationToken = default)
        where TRequest : class
        where TResponse : class
    {
        var result = await RequestAsync<TRequest, TResponse>(subject, request, cancellationToken);
        return result.Error is null ? result.Value! : throw new NatsJSApiException(result.Error);
    }

    internal async ValueTask<NatsJSApiResult<TResponse>> RequestAsync<TRequest, TResponse>(string subject, TRequest? request, CancellationToken cancellationToken)
        where TRequest : class
        where TResponse : class
    {
        NatsMsg<NatsJSApiResult<TResponse>> reply;
        try
        {
            reply = await Core.RequestAsync(
                subject, request, headers: null, NatsJSJson.Serializer<TRequest>(), NatsJSApiResultSerializer<TResponse>.Default, requestOpts: null, _replyOpts, cancellationToken);
        }
        catch (NatsNoReplyException)
        {
            throw new NatsJSApiNoResponseException();
        }

        reply.EnsureSuccess();
        return reply.Data is { Value: null, Error: null } ? throw new NatsJSException("No response data received") : reply.Data;
    }

    internal static string Api(string call) => "$JS.API." + call;

    internal static void CheckStreamName(string? name, [CallerArgumentExpression(nameof(name))] string? parameter = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (name.AsSpan().ContainsAny(' ', '.'))
            throw new ArgumentException("Stream name cannot contain ' ', '.'", parameter);
    }

    internal static void CheckConsumerName(string? name, [CallerArgumentExpression(nameof(name))] string? parameter = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (name.AsSpan().ContainsAny('.', '*', '>'))
            throw new ArgumentException("Consumer name cannot contain '.', '*', '>'", parameter);
    }
}
