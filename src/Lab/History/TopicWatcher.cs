using Messaging;

namespace Lab.History;

/// <summary>
/// Reads one topic from outside any group: live while the run is on, and once more from the beginning when it is over. Whatever
/// interrupts the live reading, it goes on; the second reading finds what the first one missed and what the broker has lost since.
/// </summary>
/// <param name="transport">The way to the broker.</param>
/// <param name="topic">The topic.</param>
/// <param name="seen">Told of each message when it is first seen; not from two threads at once.</param>
/// <param name="clock">Measures the pauses.</param>
internal sealed class TopicWatcher(ITransport transport, string topic, Action<HistoryEntry> seen, TimeProvider clock)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(int Partition, long Position), HistoryEntry> _messages = [];
    private readonly Dictionary<int, long> _next = [];
    private readonly List<string> _gaps = [];

    /// <summary>What was seen, in no order. Not while a reading is on.</summary>
    public IReadOnlyCollection<HistoryEntry> Messages => _messages.Values;

    /// <summary>What could not be seen, a line each.</summary>
    public IReadOnlyList<string> Gaps => _gaps;

    /// <summary>Reads on until cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        while (!cancellationToken.IsCancellationRequested)
        {
            var before = _messages.Count;
            try
            {
                var request = new ReadRequest(topic, ReadFrom.Positions(new Dictionary<int, long>(_next)), ReadUntil.Live);
                await foreach (var delivery in transport.ReadAsync(request, cancellationToken))
                    Take(delivery);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the reading must outlive it: what was missed, the reading at the end finds, or says why it could not.
            catch (Exception)
#pragma warning restore CA1031
            {
                // A topic of dead letters may not exist yet, a broker may be down or may have lost what was read.
            }

            pause = _messages.Count > before ? FirstPause : Min(pause * 2, LongestPause);
            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads everything that is there now. Tries until cancelled; what could not be read is a gap.</summary>
    /// <param name="mayBeMissing">Whether the topic need not exist.</param>
    /// <param name="cancellationToken">The deadline.</param>
    public async Task ReadAllAsync(bool mayBeMissing, CancellationToken cancellationToken)
    {
        Exception? last = null;
        for (var pause = FirstPause; !cancellationToken.IsCancellationRequested; pause = Min(pause * 2, LongestPause))
        {
            try
            {
                await ReadPresentAsync(cancellationToken);
                return;
            }
            catch (TopicNotFoundException) when (mayBeMissing && _messages.Count == 0)
            {
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
#pragma warning disable CA1031 // Tried again until the deadline; then it is told.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                last = failure;
            }

            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _gaps.Add($"{topic} could not be read to its end: {last?.Message ?? "the time was up"}");
    }

    private async Task ReadPresentAsync(CancellationToken cancellationToken)
    {
        var present = new HashSet<(int, long)>();
        var replaced = 0;
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(topic, ReadFrom.Beginning, ReadUntil.Present), cancellationToken))
        {
            present.Add((delivery.Partition, delivery.Position));
            if (!Take(delivery)) replaced++;
        }

        var gone = _messages.Keys.Count(place => !present.Contains(place));
        if (gone > 0) _gaps.Add($"{gone} messages that were read from {topic} while the run was on are no longer in the broker");
        if (replaced > 0) _gaps.Add($"{replaced} places of {topic} hold another message than when they were first read");
    }

    /// <summary>Takes note of a message. False when its place held another one before.</summary>
    private bool Take(Delivery delivery)
    {
        var place = (delivery.Partition, delivery.Position);
        var incoming = IncomingMessage.From(delivery);
        var id = Messaging.Postgres.StoredText.Name(incoming.Id); // as the inbox has it
        if (_messages.TryGetValue(place, out var known)) return known.MessageId == id;

        var key = incoming.Key.Length == 0 ? null : incoming.Key;
        var type = incoming.Message is { } message ? string.Intern(message.Type) : Messaging.DeadLetters.UnreadableType;
        var entry = new HistoryEntry(incoming.Message?.Time ?? clock.GetUtcNow(), HistoryKind.Published, key, topic, type)
        {
            MessageId = id,
            Partition = delivery.Partition,
            Position = delivery.Position,
        };
        _messages.Add(place, entry);
        _next[delivery.Partition] = Math.Max(_next.GetValueOrDefault(delivery.Partition), delivery.Position + 1);
        seen(entry);
        return true;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
