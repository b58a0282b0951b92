using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

/// <summary>
/// JetStream over a connection; cheap, without state, safe for concurrent use. Unless said otherwise calls throw
/// <see cref="NatsJSApiException"/> when the server refuses, <see cref="NatsJSApiNoResponseException"/> when it does not answer, and
/// <see cref="NatsNoRespondersException"/> when JetStream is off.
/// </summary>
public interface INatsJSContext
{
    /// <summary>The connection.</summary>
    INatsConnection Connection { get; }

    /// <summary>The options.</summary>
    NatsJSOpts Opts { get; }

    /// <summary>
    /// Publishes and waits for the acknowledgement. A refusal (wrong expected sequence, stream full) does not throw: look at
    /// <see cref="PubAckResponse.Error"/> or call <see cref="NatsJSExtensions.EnsureSuccess"/>. Throws <see cref="NatsJSPublishNoResponseException"/>
    /// when no stream takes the subject (at once) or no answer came in time. Writes the options into <paramref name="headers"/>.
    /// </summary>
    ValueTask<PubAckResponse> PublishAsync<T>(
        string subject, T? data, INatsSerialize<T>? serializer = default, NatsJSPubOpts? opts = default, NatsHeaders? headers = default,
        CancellationToken cancellationToken = default);

    /// <summary>As <see cref="PublishAsync{T}"/>, but returns <see cref="NatsException"/>s instead of throwing them.</summary>
    ValueTask<NatsResult<PubAckResponse>> TryPublishAsync<T>(
        string subject, T? data, INatsSerialize<T>? serializer = default, NatsJSPubOpts? opts = default, NatsHeaders? headers = default,
        CancellationToken cancellationToken = default);

    /// <summary>Creates a stream; does nothing when it exists with the same configuration, error 400/10058 with another.</summary>
    ValueTask<INatsJSStream> CreateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default);

    /// <summary>Updates a stream, or creates it when it does not exist.</summary>
    ValueTask<INatsJSStream> CreateOrUpdateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default);

    /// <summary>Updates a stream; error 404/10059 when it does not exist.</summary>
    ValueTask<INatsJSStream> UpdateStreamAsync(StreamConfig request, CancellationToken cancellationToken = default);

    /// <summary>Looks a stream up; error 404/10059 when it does not exist.</summary>
    ValueTask<INatsJSStream> GetStreamAsync(string stream, StreamInfoRequest? request = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes a stream with everything in it.</summary>
    ValueTask<bool> DeleteStreamAsync(string stream, CancellationToken cancellationToken = default);

    /// <summary>Removes messages from a stream.</summary>
    ValueTask<StreamPurgeResponse> PurgeStreamAsync(string stream, StreamPurgeRequest request, CancellationToken cancellationToken = default);

    /// <summary>The names of all streams, or of those that take <paramref name="subject"/>.</summary>
    IAsyncEnumerable<string> ListStreamNamesAsync(string? subject = default, CancellationToken cancellationToken = default);

    /// <summary>Creates or changes a consumer. Compare the <see cref="INatsJSConsumer.Info"/> with what was asked: an older server drops what it does not know.</summary>
    ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default);

    /// <summary>Looks a consumer up; error 404/10014 when it does not exist.</summary>
    ValueTask<INatsJSConsumer> GetConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default);

    /// <summary>The names of all consumers of a stream.</summary>
    IAsyncEnumerable<string> ListConsumerNamesAsync(string stream, CancellationToken cancellationToken = default);

    /// <summary>Deletes a consumer.</summary>
    ValueTask<bool> DeleteConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default);
}

/// <summary>A stream.</summary>
public interface INatsJSStream
{
    /// <summary>What the server last said of it.</summary>
    StreamInfo Info { get; }

    /// <summary>Asks again.</summary>
    ValueTask RefreshAsync(CancellationToken cancellationToken = default);

    /// <summary>Removes messages.</summary>
    ValueTask<StreamPurgeResponse> PurgeAsync(StreamPurgeRequest request, CancellationToken cancellationToken = default);

    /// <summary>Reads one message; error 404/10037 when there is none.</summary>
    ValueTask<StreamMsgGetResponse> GetAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default);
}

/// <summary>A pull consumer.</summary>
public interface INatsJSConsumer
{
    /// <summary>What the server last said of it.</summary>
    ConsumerInfo Info { get; }

    /// <summary>Asks again.</summary>
    ValueTask RefreshAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Messages without end: pulls ahead, survives reconnects, ends without an exception on cancellation (and throws if cancelled before
    /// it began). Throws <see cref="NatsJSProtocolException"/> when the consumer is deleted, <see cref="NatsConnectionFailedException"/>
    /// when the connection gives up. The buffer never exceeds what was pulled and drops nothing. A message whose payload cannot be
    /// deserialised arrives with <see cref="INatsJSMsg{T}.Error"/> set.
    /// </summary>
    IAsyncEnumerable<INatsJSMsg<T>> ConsumeAsync<T>(
        INatsDeserialize<T>? serializer = default, NatsJSConsumeOpts? opts = default, CancellationToken cancellationToken = default);

    /// <summary>One batch: ends when it is full or its time is over.</summary>
    IAsyncEnumerable<INatsJSMsg<T>> FetchAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default);

    /// <summary>The next message; null when none came in time.</summary>
    ValueTask<INatsJSMsg<T>?> NextAsync<T>(
        INatsDeserialize<T>? serializer = default, NatsJSNextOpts? opts = default, CancellationToken cancellationToken = default);

    /// <summary>What there is right now, at most one batch.</summary>
    IAsyncEnumerable<INatsJSMsg<T>> FetchNoWaitAsync<T>(
        NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default);
}
