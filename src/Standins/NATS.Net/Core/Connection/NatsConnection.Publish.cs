using System.Buffers;

namespace Standins.NATS.Client.Core;

/// <summary>Publishing.</summary>
public sealed partial class NatsConnection
{
    private static readonly SearchValues<char> Whitespace = SearchValues.Create(" \t\r\n");

    /// <inheritdoc />
    public ValueTask PublishAsync<T>(
        string subject, T data, NatsHeaders? headers = default, string? replyTo = default, INatsSerialize<T>? serializer = default,
        NatsPubOpts? opts = default, CancellationToken cancellationToken = default)
    {
        CheckSubject(subject);
        if (replyTo is not null)
            CheckSubject(replyTo);

        serializer ??= Opts.SerializerRegistry.GetSerializer<T>();
        if (_state != NatsConnectionState.Open)
            return WaitAndPublishAsync(subject, data, headers, replyTo, serializer, cancellationToken);

        cancellationToken.ThrowIfCancellationRequested();
        Send(subject, new ReplyAddress(replyTo), headers, data, serializer);
        return _writer.WaitForRoomAsync(cancellationToken);
    }

    /// <summary>Publishes if there is a connection right now, without waiting for room: for the few commands that steer others.</summary>
    internal bool TryPublish<T>(string subject, string replyTo, T data, INatsSerialize<T> serializer)
    {
        if (_state != NatsConnectionState.Open)
            return false;

        Send(subject, new ReplyAddress(replyTo), headers: null, data, serializer);
        return true;
    }

    private async ValueTask WaitAndPublishAsync<T>(
        string subject, T data, NatsHeaders? headers, string? replyTo, INatsSerialize<T> serializer, CancellationToken cancellationToken)
    {
        await WaitForOpenAsync(cancellationToken);
        Send(subject, new ReplyAddress(replyTo), headers, data, serializer);
        await _writer.WaitForRoomAsync(cancellationToken);
    }

    private void Send<T>(string subject, in ReplyAddress replyTo, NatsHeaders? headers, T? data, INatsSerialize<T> serializer)
    {
        var command = CommandBuilder.Rent();
        try
        {
            command.Publish(subject, replyTo, headers, data, serializer, _info?.MaxPayload ?? int.MaxValue);
            if (!_writer.Enqueue(command.Line, command.Body))
                throw Over();
        }
        finally
        {
            command.Return();
        }
    }

    private Exception Over() => _disposed ? new ObjectDisposedException(nameof(NatsConnection)) : new NatsConnectionFailedException("Connection is in failed state");

    private Task WaitForOpenAsync(CancellationToken cancellationToken) => OpenedAsync().WaitAsync(cancellationToken);

    private static void CheckSubject(string subject)
    {
        if (string.IsNullOrEmpty(subject) || subject.AsSpan().ContainsAny(Whitespace))
            throw new NatsException("Subject is invalid.");
    }
}
