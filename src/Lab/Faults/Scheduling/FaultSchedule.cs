namespace Lab.Faults;

/// <summary>
/// Draws a schedule from a seed: the same seed, length, kinds and system give the same schedule. Faults come alone or two at a time,
/// with quiet between; no kind comes a second time before each came once.
/// </summary>
internal static class FaultSchedule
{
    // Before the first fault the system shows what it does undisturbed.
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(3);

    private const int Drafts = 8;

    private static readonly TimeSpan PerKind = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PerKindOfAShortRun = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortRun = TimeSpan.FromSeconds(20);

    /// <summary>Plans a run.</summary>
    /// <param name="seed">What all is drawn from.</param>
    /// <param name="length">The length of the run; by its end everything is healed.</param>
    /// <param name="faults">The kinds wanted.</param>
    /// <param name="site">The system.</param>
    public static FaultPlan Plan(int seed, TimeSpan length, IReadOnlyList<Fault> faults, FaultSite site)
    {
        var kinds = new List<Kind>();
        var leftOut = new List<LeftOutFault>();
        foreach (var fault in faults)
        {
            var targets = fault.Hindrance(site) is null ? fault.Targets(site) : [];
            if (targets.Count == 0) leftOut.Add(new LeftOutFault(fault.Name, fault.Hindrance(site) ?? "there is nothing here that it could strike"));
            else kinds.Add(new Kind(fault, targets));
        }

        var planned = kinds.Count == 0 ? [] : Best(seed, length, kinds);
        leftOut.AddRange(kinds.Select(kind => kind.Fault.Name).Except(planned.Select(each => each.Fault.Name), StringComparer.Ordinal)
            .Select(name => new LeftOutFault(name, "the run is too short for every kind")));
        return new FaultPlan(planned, leftOut);
    }

    /// <summary>Whether one target is the other or a part of it, such as <c>payments-database</c> of <c>payments</c>.</summary>
    public static bool Overlap(string one, string other) =>
        one == other || one.StartsWith(other + '-', StringComparison.Ordinal) || other.StartsWith(one + '-', StringComparison.Ordinal);

    // Long faults make few: the durations shrink until there are enough of them, or as many as there will be.
    private static PlannedFault[] Best(int seed, TimeSpan length, List<Kind> kinds)
    {
        var wanted = Math.Min(kinds.Count, (int)(length / (length < PerKind * 4 ? PerKindOfAShortRun : PerKind)));
        PlannedFault[] best = [];
        for (var draft = 0; draft < Drafts; draft++)
        {
            var longest = Max(length / 12, TimeSpan.FromSeconds(2)) * Math.Pow(0.75, draft);
            PlannedFault[] planned = [.. new Draft(new Random(seed), length, kinds, longest, pairs: 0.45 + (draft * 0.05)).Write()];
            if (planned.Length > best.Length) best = planned;
            if (best.Length >= wanted) break;
        }

        return best;
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private sealed record Kind(Fault Fault, IReadOnlyList<string> Targets);

    private sealed class Draft(Random random, TimeSpan length, List<Kind> kinds, TimeSpan longest, double pairs)
    {
        // The quiet after a stretch of faults, as a share of it: a third of it makes a quarter of the whole.
        private const double Quiet = 1.0 / 3;

        private readonly List<Kind> _coming = [];

        public IEnumerable<PlannedFault> Write()
        {
            var at = length < ShortRun ? Min(Lead, length / 5) : Lead;
            while (Take(at, other: null) is { } first)
            {
                yield return first;
                var end = first.At + first.Duration;
                if (random.NextDouble() < pairs && Take(at + (first.Duration * (random.NextDouble() * 0.5)), first) is { } second)
                {
                    yield return second;
                    end = Max(end, second.At + second.Duration);
                }

                at = end + ((end - at) * Quiet * (0.7 + (random.NextDouble() * 0.6)));
            }
        }

        // The next kind of the round that still fits; only when the round is over does the next one begin.
        private PlannedFault? Take(TimeSpan at, PlannedFault? other)
        {
            if (_coming.Count == 0)
            {
                _coming.AddRange(kinds);
                random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_coming));
            }

            for (var place = 0; place < _coming.Count; place++)
            {
                var (fault, targets) = _coming[place];
                var (shortest, most) = fault.Duration;
                string[] free = [.. targets.Where(target => other is null || !Overlap(target, other.Target))];
                if (at + shortest > length || free.Length == 0 || !Fit(fault, other?.Fault)) continue;
                _coming.RemoveAt(place);
                var end = Max(shortest, Min(most, Min(longest, length - at)));
                var target = free[random.Next(free.Length)];
                return new PlannedFault(at, shortest + ((end - shortest) * random.NextDouble()), fault, target);
            }

            return null;
        }

        private static bool Fit(Fault one, Fault? other) => other is null || (one.GoesWith(other.Area) && other.GoesWith(one.Area));

        private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
    }
}
