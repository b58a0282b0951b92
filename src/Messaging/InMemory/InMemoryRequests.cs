using System.Threading.Channels;

namespace Messaging;

/// <summary>Request-reply within a process. Thread-safe.</summary>
internal sealed class InMemoryRequests(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<Answerer> _answerers = [];
    private int _turn;

    public async Task<Message> AskAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var question = new Question(request);
        var asked = Choose(ModelChecks.CheckAddress(address));
        if (asked.Count == 0)
            throw new NoRespondersException(address);
        foreach (var answerer in asked)
            answerer.Waiting.Writer.TryWrite(question);
        try
        {
            return ReplyProtocol.Read(address, await question.Reply.Task.WaitAsync(timeout, time, cancellationToken));
        }
        catch (TimeoutException exception)
        {
            throw new RequestTimeoutException(address, timeout, exception);
        }
        finally
        {
            question.Reply.TrySetCanceled(CancellationToken.None);
        }
    }

    public async Task AnswerAsync(Responder responder, RequestHandler handler, CancellationToken stopping, CancellationToken aborting)
    {
        var answerer = new Answerer(responder.Address, responder.Service);
        lock (_lock)
            _answerers.Add(answerer);
        using var leaving = stopping.Register(() => Leave(answerer));
        var limit = new ParallelOptions { MaxDegreeOfParallelism = responder.Concurrency, CancellationToken = aborting };
        await Parallel.ForEachAsync(answerer.Waiting.Reader.ReadAllAsync(aborting), limit, async (question, _) =>
        {
            if (!question.Reply.Task.IsCompleted)
                question.Reply.TrySetResult(await ReplyProtocol.AnswerAsync(handler, question.Request, time, aborting));
        }).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>One instance of each service, in turn.</summary>
    private List<Answerer> Choose(string address)
    {
        lock (_lock)
        {
            var turn = _turn++;
            return [.. _answerers.Where(answerer => answerer.Address == address)
                .GroupBy(answerer => answerer.Service, StringComparer.Ordinal)
                .Select(instances => instances.ElementAt(turn % instances.Count()))];
        }
    }

    private void Leave(Answerer answerer)
    {
        lock (_lock)
            _answerers.Remove(answerer);
        answerer.Waiting.Writer.TryComplete();
    }

    private sealed record Answerer(string Address, string Service)
    {
        public Channel<Question> Waiting { get; } = Channel.CreateUnbounded<Question>();
    }

    private sealed record Question(Message Request)
    {
        public TaskCompletionSource<Message> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
