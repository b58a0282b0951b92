namespace Flow;

public sealed class JetStreamSystem() : StartedSystem("jetstream");

public sealed class OrderFlowOnJetStream(JetStreamSystem system) : OrderFlow(system), IClassFixture<JetStreamSystem>
{
    private const string Prefix = "ce-";

    private readonly StartedSystem _system = system;

    protected override async Task<IReadOnlyList<RawMessage>> ReadAsync(string topic)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var connection = new NatsConnection(new NatsOpts { Url = _system.ConnectionString("nats") });
        var jetStream = new NatsJSContext(connection);
        var consumer = await jetStream.CreateOrUpdateConsumerAsync(
            topic.Replace('.', '_'), new ConsumerConfig("reader-" + Guid.NewGuid().ToString("N")) { AckPolicy = ConsumerConfigAckPolicy.None }, cancel);
        var messages = new List<RawMessage>();
        await foreach (var message in consumer.FetchNoWaitAsync<byte[]>(new NatsJSFetchOpts { MaxMsgs = 100_000 }, cancellationToken: cancel))
        {
            messages.Add(new RawMessage(
                message.Headers!.ToDictionary(
                    header => header.Key.StartsWith(Prefix, StringComparison.Ordinal) ? header.Key[Prefix.Length..] : header.Key,
                    header => header.Value.ToString(), StringComparer.Ordinal),
                message.Data ?? []));
        }

        await jetStream.DeleteConsumerAsync(topic.Replace('.', '_'), consumer.Info.Name, cancel);
        return messages;
    }

    protected override async Task PublishAsync(string topic, string key, IReadOnlyDictionary<string, string> attributes, byte[] body)
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = _system.ConnectionString("nats") });
        var headers = new NatsHeaders();
        foreach (var (name, value) in attributes)
            headers[Prefix + name] = value;
        var ack = await new NatsJSContext(connection).PublishAsync(
            $"{topic}.0.foreign.{key}", body, headers: headers, cancellationToken: TestContext.Current.CancellationToken);
        ack.EnsureSuccess();
    }
}
