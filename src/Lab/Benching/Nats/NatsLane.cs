namespace Lab.Benching.Nats;

/// <summary>What one run of a scenario works with: a connection, an empty stream on disk, and somebody who answers requests.</summary>
internal sealed class NatsLane : IAsyncDisposable
{
    private const string Stream = "BENCH";
    private const string Subject = "bench.messages";
    private const string Question = "bench-question";
    private const string Nowhere = "bench-nowhere";

    private readonly NatsConnection _connection;
    private readonly NatsConnection _responder;
    private readonly NatsJSContext _jetStream;
    private readonly ReadOnlyMemory<byte> _payload;
    private readonly CancellationTokenSource _stopping = new();
    private Task _answering = Task.CompletedTask;

    private NatsLane(string url, int payloadBytes)
    {
        _connection = new NatsConnection(new NatsOpts { Url = url, Name = "bench" });
        _responder = new NatsConnection(new NatsOpts { Url = url, Name = "bench-responder" });
        _jetStream = new NatsJSContext(_connection);
        _payload = new byte[payloadBytes];
    }

    /// <summary>Opens one; a stream that was left is emptied.</summary>
    public static async Task<NatsLane> OpenAsync(string url, int payloadBytes, CancellationToken cancellationToken)
    {
        var lane = new NatsLane(url, payloadBytes);
        try
        {
            await lane.PrepareAsync(cancellationToken);
            return lane;
        }
        catch
        {
            await lane.DisposeAsync();
            throw;
        }
    }

    /// <summary>Publishes to the stream and waits for its answer.</summary>
    public ValueTask<PubAckResponse> PublishAsync(CancellationToken cancellationToken) =>
        _jetStream.PublishAsync(Subject, _payload, cancellationToken: cancellationToken);

    /// <summary>Publishes to a subject nobody listens to.</summary>
    public ValueTask SendAsync(CancellationToken cancellationToken) => _connection.PublishAsync(Nowhere, _payload, cancellationToken: cancellationToken);

    /// <summary>Asks over a second connection of this process and gets the question back.</summary>
    public async ValueTask AskAsync(CancellationToken cancellationToken)
    {
        var reply = await _connection.RequestAsync<ReadOnlyMemory<byte>, NatsMemoryOwner<byte>>(Question, _payload, cancellationToken: cancellationToken);
        using var data = reply.Data;
        if (data.Length != _payload.Length) throw new LabException($"a reply has {data.Length} bytes instead of {_payload.Length}");
    }

    /// <summary>Returns when the server has processed everything sent.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken) => await _connection.PingAsync(cancellationToken);

    /// <summary>The stream's consumer.</summary>
    public ValueTask<INatsJSConsumer> ConsumerAsync(CancellationToken cancellationToken) => _jetStream.CreateOrUpdateConsumerAsync(
        Stream,
        new ConsumerConfig("worker") { AckPolicy = ConsumerConfigAckPolicy.Explicit, MaxAckPending = 10_000 },
        cancellationToken);

    /// <summary>How many messages the stream holds.</summary>
    public async Task<long> CountAsync(CancellationToken cancellationToken) => (await _jetStream.GetStreamAsync(Stream, cancellationToken: cancellationToken)).Info.State.Messages;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _answering;
        await _responder.DisposeAsync();
        await _connection.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await foreach (var name in _jetStream.ListStreamNamesAsync(cancellationToken: cancellationToken))
        {
            if (name == Stream) await _jetStream.DeleteStreamAsync(Stream, cancellationToken);
        }

        await _jetStream.CreateStreamAsync(new StreamConfig(Stream, [Subject]) { Storage = StreamConfigStorage.File }, cancellationToken);
        var questions = await _responder.SubscribeCoreAsync<NatsMemoryOwner<byte>>(Question, cancellationToken: cancellationToken);
        _answering = AnswerAsync(questions, _stopping.Token);
        await _responder.PingAsync(cancellationToken);
    }

    private static async Task AnswerAsync(INatsSub<NatsMemoryOwner<byte>> questions, CancellationToken stopping)
    {
        await using (questions)
        {
            try
            {
                await foreach (var question in questions.Msgs.ReadAllAsync(stopping))
                {
                    using var data = question.Data;
                    await question.ReplyAsync(data.Memory, cancellationToken: stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // The end that was asked for.
            }
        }
    }
}
