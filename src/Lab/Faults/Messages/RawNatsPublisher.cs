using System.Globalization;

namespace Lab.Faults;

/// <summary>Publishes to JetStream.</summary>
internal sealed class RawNatsPublisher : IRawPublisher
{
    private readonly NatsConnection _connection;
    private readonly NatsJSContext _jetStream;

    public RawNatsPublisher(string url)
    {
        _connection = new NatsConnection(new NatsOpts { Url = url });
        _jetStream = new NatsJSContext(_connection);
    }

    public async Task PublishAsync(RawMessage message, CancellationToken cancellationToken)
    {
        var headers = new NatsHeaders();
        foreach (var (name, value) in message.Headers("ce-")) headers[name] = value;
        var subject = string.Create(CultureInfo.InvariantCulture, $"{message.Topic}.{message.Partition}.{message.Type}.{message.Key}");
        var acknowledged = await _jetStream.PublishAsync(subject, message.Body.ToArray(), headers: headers, cancellationToken: cancellationToken);
        acknowledged.EnsureSuccess();
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
