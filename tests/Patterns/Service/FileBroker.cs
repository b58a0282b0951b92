using System.Globalization;
using Messaging;

namespace Patterns;

/// <summary>A broker that is a file, so that it outlives whoever publishes to it: a line per message, in the order of arrival.</summary>
/// <param name="path">The file; several processes may publish to it.</param>
public sealed class FileBroker(string path) : ITransport
{
    public string Name => "file";

    /// <summary>Called when a batch is in the file and before that is acknowledged.</summary>
    public Func<CancellationToken, Task>? OnArrival { get; init; }

    public TransportCapabilities Capabilities => throw new NotSupportedException("Nobody asks.");

    /// <summary>What has arrived, repeats included.</summary>
    public static IReadOnlyList<(string Id, string Key, int Number)> Read(string path) =>
        [.. File.ReadLines(path).Select(line => line.Split(' ')).Select(parts => (parts[0], parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture)))];

    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        await using (var file = await OpenAloneAsync(cancellationToken))
        await using (var writer = new StreamWriter(file))
        {
            foreach (var (_, message) in batch)
                await writer.WriteLineAsync($"{message.Id} {message.PartitionKey} {Messages.NumberOf(message)}");
        }

        if (OnArrival is not null)
            await OnArrival(cancellationToken);
        return PublishOutcome.AllAcknowledged;
    }

    public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) =>
        throw new NotSupportedException("It is there to publish to.");

    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<FileStream> OpenAloneAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken); // Somebody else is writing.
            }
        }
    }
}
