using Messaging;

namespace Lab.Comparing.Transports;

/// <summary>Everything that is measured on a transport, in the order in which it is done.</summary>
internal static class LaneCases
{
    private const int Tiny = 128;
    private const int Small = 1024;
    private const int Large = 16 * 1024;
    private const int ManyPartitions = 8;
    private const int ManyConsumers = 4;
    private const int ManyGroups = 3;
    private const int WarmUpMessages = 4_000;

    // The embedded cluster keeps 5 MiB of each of its four partitions and silently drops what is older.
    private const int EmbeddedBytes = 12 * 1024 * 1024;
    private const int BytesBesideBody = 256;

    private static readonly string[] Ways = [LaneCase.Port, LaneCase.Client];

    /// <summary>The cases.</summary>
    /// <param name="isQuick">A few that show the most, instead of all there are.</param>
    /// <param name="isEmbedded">For librdkafka's cluster in memory: it makes every topic with as many partitions as it likes.</param>
    public static IReadOnlyList<LaneCase> Of(bool isQuick, bool isEmbedded)
    {
        var extent = new Extent(isQuick, isEmbedded);
        return [.. isQuick ? Quick(extent) : Full(extent)];
    }

    /// <summary>A moment of each way, to make everything warm.</summary>
    public static IEnumerable<LaneCase> ToWarmUp(bool isEmbedded)
    {
        var extent = new Extent(IsQuick: true, isEmbedded);
        foreach (var through in Ways)
        {
            yield return extent.Drain(through, Small, extent.Many, consumers: 1) with { Messages = WarmUpMessages };
            yield return extent.Steady(through, Small, extent.Many) with { Messages = WarmUpMessages / 4, WarmUp = 0 };
        }
    }

    private static IEnumerable<LaneCase> Quick(Extent extent)
    {
        var many = extent.Many;
        foreach (var bytes in extent.IsEmbedded ? [Small] : (int[])[Tiny, Small])
        {
            foreach (var through in Ways)
            {
                yield return extent.Publish(through, bytes, many);
                yield return extent.Drain(through, bytes, many, consumers: 1);
            }
        }

        yield return extent.Publish(LaneCase.Port, Large, many);
        yield return extent.Steady(LaneCase.Port, Small, many);
        if (extent.IsEmbedded) yield break; // It takes seconds to make a group, and its figures count for nothing.
        yield return extent.Steady(LaneCase.Client, Small, many);
        yield return extent.Drain(LaneCase.Port, Small, many, ManyConsumers);
        yield return extent.FanOut(LaneCase.Port, Small, many);
    }

    private static IEnumerable<LaneCase> Full(Extent extent)
    {
        var all =
            from bytes in (int[])[Tiny, Small, Large]
            from partitions in extent.Partitions
            from through in Ways
            select (bytes, partitions, through);
        foreach (var (bytes, partitions, through) in all)
        {
            yield return extent.Publish(through, bytes, partitions);
            yield return extent.Drain(through, bytes, partitions, consumers: 1);
            yield return extent.Steady(through, bytes, partitions);
            if (partitions < ManyConsumers) continue; // Consumers beyond the partitions only look on.
            yield return extent.Drain(through, bytes, partitions, ManyConsumers);
            yield return extent.FanOut(through, bytes, partitions);
        }
    }

    /// <summary>How much of each.</summary>
    private sealed record Extent(bool IsQuick, bool IsEmbedded)
    {
        public int Many => IsEmbedded ? TopicDefinition.DefaultPartitions : ManyPartitions;

        public int[] Partitions => IsEmbedded ? [Many] : [1, Many];

        // To make a topic and connect, and to join a group and leave it again; the embedded cluster lets the first member wait for others.
        private double TopicSeconds => IsEmbedded ? 0.7 : 0.2;

        private double GroupSeconds => IsEmbedded ? 3.5 : 0.3;

        public LaneCase Publish(string through, int bytes, int partitions)
        {
            var messages = Fitting(bytes, bytes switch { >= Large => IsQuick ? 4_000 : 10_000, >= Small => IsQuick ? 20_000 : 40_000, _ => IsQuick ? 20_000 : 60_000 });
            return new LaneCase(LaneScenarios.Publish, through, bytes, partitions, 0, 0)
            {
                Messages = messages,
                EstimatedSeconds = TopicSeconds + Seconds(bytes, messages),
            };
        }

        // Many times what consumers read ahead.
        public LaneCase Drain(string through, int bytes, int partitions, int consumers)
        {
            var messages = Backlog(bytes);
            return new LaneCase(LaneScenarios.Drain, through, bytes, partitions, consumers, 1)
            {
                Messages = messages,
                EstimatedSeconds = TopicSeconds + GroupSeconds + (2 * Seconds(bytes, messages)),
            };
        }

        public LaneCase FanOut(string through, int bytes, int partitions)
        {
            var messages = Backlog(bytes) / 2;
            return new LaneCase(LaneScenarios.FanOut, through, bytes, partitions, 1, ManyGroups)
            {
                Messages = messages,
                EstimatedSeconds = TopicSeconds + GroupSeconds + ((1 + ManyGroups) * Seconds(bytes, messages)),
            };
        }

        // A rate that two cores keep up with ease, so that the figures tell of the way a message takes and not of a queue.
        public LaneCase Steady(string through, int bytes, int partitions)
        {
            var rate = bytes >= Large ? 500 : 2_000;
            var (warmUp, recorded) = IsQuick ? (0.5, 1.5) : (1, 5);
            return new LaneCase(LaneScenarios.Steady, through, bytes, partitions, 1, 1)
            {
                Messages = (int)(rate * recorded),
                WarmUp = (int)(rate * warmUp),
                PerSecond = rate,
                EstimatedSeconds = TopicSeconds + GroupSeconds + warmUp + recorded,
            };
        }

        private int Backlog(int bytes) =>
            Fitting(bytes, bytes switch { >= Large => IsQuick ? 6_000 : 16_000, >= Small => IsQuick ? 40_000 : 80_000, _ => IsQuick ? 40_000 : 120_000 });

        private int Fitting(int bytes, int messages) => IsEmbedded ? Math.Min(messages, EmbeddedBytes / (bytes + BytesBesideBody)) : messages;

        // At what two cores carry in one direction, broker and client on the same machine.
        private static double Seconds(int bytes, int messages) => messages / (bytes >= Large ? 8_000.0 : 60_000.0);
    }
}
