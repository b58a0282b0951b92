using Lab.Benching;

namespace Lab.Comparing.Measuring;

/// <summary>Processes that are measured under one name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Find">The numbers of its processes now; asked at every look, because whoever is started again has another one. Must not block.</param>
/// <param name="WithChildren">Whether what they have started counts as theirs, such as PostgreSQL's process for each connection.</param>
internal sealed record WatchedProcess(string Name, Func<IReadOnlyCollection<int>> Find, bool WithChildren = true)
{
    /// <summary>This process alone: everything else is started by it, too.</summary>
    public static WatchedProcess Lab { get; } = new(ProcessUsage.Lab, () => [Environment.ProcessId], WithChildren: false);
}

/// <summary>What the processes of one name used while they were watched.</summary>
/// <param name="Name">The name.</param>
/// <param name="ProcessorSeconds">Processor time of all threads.</param>
/// <param name="PeakMiB">The most memory they held together at any look.</param>
internal sealed record UsedByProcess(string Name, double ProcessorSeconds, double PeakMiB);

/// <summary>
/// Watches what processes use, four times a second, as Linux tells it in <c>/proc</c>; elsewhere it knows nothing. Memory is what each
/// process has for itself, plus what it shares with its family, counted once: the sum of what each has resident would count
/// PostgreSQL's shared buffers once per connection.
/// </summary>
internal sealed class ProcessUsage : IAsyncDisposable
{
    /// <summary>The name of this process.</summary>
    public const string Lab = "lab";

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    private readonly Book[] _books;
    private readonly IReadOnlyDictionary<int, ProcessStat> _before = ProcessFamily.ReadAll();
    private readonly PeriodicTimer _timer = new(Every);
    private readonly Task _watching;

    private ProcessUsage(IEnumerable<WatchedProcess> watched)
    {
        _books = [.. watched.Select(each => new Book(each, _before))];
        Look(_before);
        _watching = WatchAsync();
    }

    /// <summary>Begins to watch.</summary>
    public static ProcessUsage Start(IReadOnlyList<WatchedProcess> watched) => new(watched);

    /// <summary>Ends it.</summary>
    /// <returns>What each name used, in the order given; those of which no process was ever seen are left out. Empty where the system does not tell.</returns>
    public async Task<IReadOnlyList<UsedByProcess>> StopAsync()
    {
        _timer.Dispose();
        await _watching;
        Look(ProcessFamily.ReadAll());
        return [.. _books.Select(book => book.Used).OfType<UsedByProcess>()];
    }

    /// <summary>Ends it without a result.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        // Whoever wanted to know about a failure has stopped it.
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WatchAsync()
    {
        while (await _timer.WaitForNextTickAsync(CancellationToken.None)) Look(ProcessFamily.ReadAll());
    }

    private void Look(IReadOnlyDictionary<int, ProcessStat> all)
    {
        foreach (var book in _books) book.Look(all);
    }

    /// <summary>What one name has used so far.</summary>
    private sealed class Book(WatchedProcess watched, IReadOnlyDictionary<int, ProcessStat> before)
    {
        // By process: one that is started again begins a line of its own, and what its predecessor used stays.
        private readonly Dictionary<(int Id, long Started), TimeSpan> _used = [];
        private double _peak;

        public UsedByProcess? Used => _used.Count == 0 ? null : new UsedByProcess(watched.Name, _used.Values.Sum(time => time.TotalSeconds), _peak);

        public void Look(IReadOnlyDictionary<int, ProcessStat> all)
        {
            var memory = 0.0;
            foreach (var process in watched.Find().Distinct().Select(id => all.GetValueOrDefault(id)).OfType<ProcessStat>())
            {
                var family = FamilyOf(process, all);
                _used[(process.Id, process.Started)] = TimeOf(family) - TimeBefore(process);
                memory += ProcessFamily.MemoryMiB([.. family.Select(member => member.Id)]);
            }

            _peak = Math.Max(_peak, memory);
        }

        // One that was not there at the beginning has used everything since.
        private TimeSpan TimeBefore(ProcessStat process) =>
            before.GetValueOrDefault(process.Id) is { } known && known.Started == process.Started ? TimeOf(FamilyOf(known, before)) : TimeSpan.Zero;

        private IReadOnlyList<ProcessStat> FamilyOf(ProcessStat process, IReadOnlyDictionary<int, ProcessStat> all) =>
            watched.WithChildren ? ProcessFamily.Of(process, all) : [process];

        // A child that has ended leaves its time with its parent: nothing is lost and nothing counts twice.
        private TimeSpan TimeOf(IReadOnlyList<ProcessStat> family) =>
            TimeSpan.FromSeconds(family.Sum(member => (watched.WithChildren ? member.Time + member.EndedChildren : member.Time).TotalSeconds));
    }
}
