namespace Lab.Comparing.Transports;

/// <summary>
/// Which member of each group has which partition, as probes show it: one to each partition, round after round. Thread-safe.
/// </summary>
/// <param name="groups">How many groups.</param>
/// <param name="members">How many members each has.</param>
/// <param name="partitions">How many partitions the topic has.</param>
internal sealed class PartitionShares(int groups, int members, int partitions)
{
    private readonly Lock _gate = new();
    private readonly (int Round, int Member)[][] _owners = [.. Enumerable.Range(0, groups).Select(_ => new (int, int)[partitions])];
    private TaskCompletionSource _shown = new();
    private int _round;

    /// <summary>Begins the next round.</summary>
    /// <returns>Its number, and a task that ends when each of its probes has reached every group.</returns>
    public (int Round, Task Shown) Next()
    {
        lock (_gate)
        {
            _shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (++_round, _shown.Task);
        }
    }

    /// <summary>A probe has reached a member.</summary>
    public void Note(int group, int member, int partition, int round)
    {
        lock (_gate)
        {
            if (round < _owners[group][partition].Round) return;
            _owners[group][partition] = (round, member);
            if (_owners.All(owners => owners.All(owner => owner.Round == _round))) _shown.TrySetResult();
        }
    }

    /// <summary>Whether every member has as many partitions as any other, or one less: then nothing moves any more.</summary>
    public bool AreEven()
    {
        lock (_gate) return _owners.All(IsEven);
    }

    private bool IsEven((int Round, int Member)[] owners)
    {
        var counts = new int[members];
        foreach (var (_, member) in owners) counts[member]++;
        return counts.Max() - counts.Min() <= 1;
    }
}
