using System.Globalization;
using Lab.History;
using Messaging;

namespace Lab.Faults;

/// <summary>
/// Messages come twice: a share of everything published is published again as it is, under the same id and key, a moment later and so
/// behind others.
/// </summary>
internal sealed record DuplicatesFault() : MessageFault("duplicates")
{
    private const int OneIn = 4;

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    public override string Description => "one message in four is published again under the same id";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));

    protected override async Task<string?> PublishAsync(FaultSite site, IRawPublisher publisher, CancellationToken until)
    {
        await using var transport = site.System.ConnectTransport(site.Clock);
        var counts = await Task.WhenAll(FlowTopics.All.Select((topic, number) =>
            RepeatAsync(transport, publisher, topic, site.Clock.GetUtcNow() - Before, new Random(site.Seed + number), until)));
        return string.Create(CultureInfo.InvariantCulture, $"{counts.Sum()} messages were published again");
    }

    private static async Task<int> RepeatAsync(
        ITransport transport, IRawPublisher publisher, string topic, DateTimeOffset from, Random random, CancellationToken until)
    {
        var repeated = 0;
        var own = new HashSet<string>(StringComparer.Ordinal);
        while (!until.IsCancellationRequested)
        {
            try
            {
                await foreach (var delivery in transport.ReadAsync(new ReadRequest(topic, ReadFrom.Time(from), ReadUntil.Live), until))
                {
                    // What was published again comes by here, too.
                    var message = new RawMessage(topic, delivery.Partition, delivery.Key ?? "", delivery.Attributes, delivery.Body);
                    if (random.Next(OneIn) > 0 || !IsPlain(message) || !own.Add(IdOf(message))) continue;
                    if (await TryPublishAsync(publisher, message, until)) repeated++;
                }
            }
            catch (OperationCanceledException) when (until.IsCancellationRequested)
            {
                // It is over.
            }
            catch (TransportException)
            {
                // Another fault is up, or the broker has just come back: read on when it answers.
                await Task.Delay(Again, CancellationToken.None);
            }
        }

        return repeated;
    }

    private static string IdOf(RawMessage message) => message.Attributes.FirstOrDefault(attribute => attribute.Key == "id").Value ?? "";

    // Published as it is, it would not be what it was: the bindings write such characters in their own ways.
    private static bool IsPlain(RawMessage message) =>
        IdOf(message).Length > 0 && message.Key.Length > 0 && message.Key.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        && message.Attributes.All(attribute => attribute.Value.All(c => c is > ' ' and < '\x7f' and not '%' and not '"'));
}
