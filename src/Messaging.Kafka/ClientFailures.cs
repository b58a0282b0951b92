using Confluent.Kafka;

namespace Messaging.Kafka;

/// <summary>
/// Remembers why a client cannot reach its brokers. librdkafka tells it only to its error handler; the call that waits in vain
/// just runs into a timeout. Thread-safe.
/// </summary>
internal sealed class ClientFailures
{
    private volatile Error? _telling;

    /// <summary>Takes note of an error; what is about the connection itself tells more than what follows from it.</summary>
    public void Add(Error error)
    {
        if (error.Code is ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Ssl or ErrorCode.Local_Resolve)
            _telling = error;
        else if (error.Code == ErrorCode.Local_Transport && error.Reason.Contains("SSL_HANDSHAKE", StringComparison.Ordinal))
            _telling = new Error(ErrorCode.Local_Ssl, error.Reason); // A peer that does not speak TLS just hangs up.
        else if (error.Code == ErrorCode.Local_Transport)
            _telling ??= error;
    }

    /// <summary>What went wrong, in one sentence.</summary>
    /// <param name="what">The beginning of the sentence.</param>
    /// <param name="exception">What the call said.</param>
    public TransportException Describe(string what, KafkaException exception)
    {
        var error = exception.Error.Code is ErrorCode.Local_Transport or ErrorCode.Local_TimedOut or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_MsgTimedOut
            ? _telling ?? exception.Error
            : exception.Error;
        var kind = error.Code switch
        {
            ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed => "the credentials were refused",
            ErrorCode.Local_Ssl => "TLS failed",
            ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed => "permission was denied",
            _ => null,
        };
        return new TransportException($"{what}: {(kind is null ? "" : kind + ": ")}{error.Reason} ({error.Code}).", exception);
    }
}
