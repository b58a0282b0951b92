using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// Request-reply over core NATS, past the streams: a service is a queue group on the subject <c>_requests.&lt;address&gt;</c>, which
/// no topic can have. A header tells until when the asker waits. Thread-safe.
/// </summary>
internal sealed partial class NatsRequests(JetStreamLink link, JetStreamTransportOptions options, TimeProvider time, ILogger logger)
{
    // Milliseconds since 1970, by the asker's clock. The clocks of the machines must not differ by much of a timeout.
    private const string DeadlineHeader = "Request-Deadline";

    // Beyond these the client drops the newest: nobody would wait for them that long.
    private const int MostWaiting = 4_096;

    /// <summary>See <see cref="IRequestReply.RequestAsync"/>.</summary>
    public async Task<Message> AskAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var subject = SubjectOf(address);
        using var timer = new CancellationTokenSource(timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        var headers = NatsMessages.HeadersOf(request);
        headers[DeadlineHeader] = ReplyProtocol.DeadlineOf(timeout, time).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var wasOpen = link.IsOpen;
        try
        {
            await link.WaitUntilOpenAsync(limit.Token);
            wasOpen = true;
            if (NatsMessages.SizeOf(headers, request.Body) is var size && size > link.LargestMessageBytes)
                throw new MessageTooLargeException(request.Id, size, link.LargestMessageBytes);
            var reply = await link.JetStream.Connection.RequestAsync(
                subject, request.Body, headers, BodyBytes.Instance, BodyBytes.Instance, replyOpts: new NatsSubOpts { Timeout = timeout }, cancellationToken: limit.Token);
            return Read(address, reply);
        }
        catch (Exception exception) when (exception is NatsNoReplyException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw !wasOpen ? new TransportException($"NATS at {link.Url} was not reached within {timeout}.", exception)
                : link.ComplaintAbout($"Publish to \"{subject}\"") is not null ? link.Explain($"NATS at {link.Url} did not take the request to {address}", exception)
                : new RequestTimeoutException(address, timeout, exception);
        }
        catch (NatsNoRespondersException exception)
        {
            throw new NoRespondersException(address, exception);
        }
        catch (NatsException exception)
        {
            throw link.Explain($"NATS at {link.Url} did not take the request to {address}", exception);
        }
    }

    /// <summary>See <see cref="IRequestReply.RespondAsync"/>; <paramref name="aborting"/> cuts the handlers' time to finish short.</summary>
    public async Task AnswerAsync(Responder responder, RequestHandler handler, CancellationToken stopping, CancellationToken aborting)
    {
        var (subject, group) = (SubjectOf(responder.Address), Streams.ConsumersOf(responder.Service));
        using var finishing = CancellationTokenSource.CreateLinkedTokenSource(aborting);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            await link.OpenAsync(stopping);
            var bound = new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = MostWaiting, FullMode = BoundedChannelFullMode.DropNewest } };
            await using var requests = await link.JetStream.Connection.SubscribeCoreAsync(subject, group, BodyBytes.Instance, bound, CancellationToken.None);
            var limit = new ParallelOptions { MaxDegreeOfParallelism = responder.Concurrency, CancellationToken = finishing.Token };
            var answering = Parallel.ForEachAsync(requests.Msgs.ReadAllAsync(finishing.Token), limit, (request, token) => AnswerAsync(request, handler, token));

            var denied = link.WaitForComplaintAsync($"Subscription to \"{subject}\"", ending.Token);
            await Task.WhenAny(denied, answering);
            await ending.CancelAsync();
            if (denied.IsCompletedSuccessfully)
                throw new TransportException($"NATS at {link.Url} does not let {responder.Service} answer at {responder.Address}: {await denied}");
            finishing.CancelAfter(options.StopTimeout);
            await requests.DrainAsync(finishing.Token);
            await answering;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested || finishing.IsCancellationRequested)
        {
            // Stopped before it had begun, or what was in hand took too long.
        }
        catch (NatsException exception)
        {
            throw link.Explain($"NATS at {link.Url} does not let {responder.Service} answer at {responder.Address}", exception);
        }
    }

    private async ValueTask AnswerAsync(NatsMsg<byte[]> request, RequestHandler handler, CancellationToken cancellationToken)
    {
        if (request.ReplyTo is null || IsOver(request.Headers))
            return;
        var reply = NatsMessages.TryRead(request, DeadlineHeader, out var message, out var error)
            ? await ReplyProtocol.AnswerAsync(handler, message, time, cancellationToken)
            : ReplyProtocol.Failure(Unreadable, $"The request cannot be read: {error}.", time);
        var headers = NatsMessages.HeadersOf(reply);
        if (NatsMessages.SizeOf(headers, reply.Body) is var size && size > link.LargestMessageBytes)
        {
            reply = ReplyProtocol.Failure(message ?? Unreadable, $"The reply has {size} bytes; the server takes {link.LargestMessageBytes} at most.", time);
            headers = NatsMessages.HeadersOf(reply);
        }

        try
        {
            await request.ReplyAsync(reply.Body, headers, serializer: BodyBytes.Instance, cancellationToken: cancellationToken);
        }
        catch (NatsException exception)
        {
            LogNotSent(exception, request.Subject);
        }
    }

    private bool IsOver(NatsHeaders? headers) =>
        headers is not null && headers.TryGetLastValue(DeadlineHeader, out var text)
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var deadline)
        && time.GetUtcNow().ToUnixTimeMilliseconds() >= deadline;

    private static Message Read(string address, NatsMsg<byte[]> reply)
    {
        if (reply.HasNoResponders)
            throw new NoRespondersException(address);
        return NatsMessages.TryRead(reply, DeadlineHeader, out var message, out var error)
            ? ReplyProtocol.Read(address, message)
            : throw new RequestFailedException(address, $"the reply cannot be read: {error}.");
    }

    private static string SubjectOf(string address) => $"_requests.{ModelChecks.CheckAddress(address)}";

    private static Message Unreadable { get; } = new() { Id = "unreadable", Type = "unreadable", Source = "/", Time = default, PartitionKey = "unreadable", Body = default };

    [LoggerMessage(EventId = 50, Level = LogLevel.Warning, Message = "The reply to a request at {Subject} was not sent")]
    private partial void LogNotSent(Exception exception, string subject);
}
