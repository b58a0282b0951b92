namespace Messaging.JetStream.Leases;

/// <summary>
/// What a member knows of its group: who else is there and who owns what. All of it arrives in one ordered stream, the member's
/// own announcements included, and each entry bears the server's time: so age is told by one clock, whatever the clocks of the
/// processes say and however long they were stopped; except that who has been silent here for as long is gone, whatever the
/// server's clock says: it may be set back. Thread-safe.
/// </summary>
internal sealed class GroupView(TimeSpan duration, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (LeaseEntry Entry, long Seen)> _entries = new(StringComparer.Ordinal);
    private (ulong Revision, DateTimeOffset Time, long Seen) _newest;

    /// <summary>Takes an entry over. True when it is more than a renewal.</summary>
    public bool Apply(LeaseEntry entry)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (entry.Revision > _newest.Revision)
                _newest = (entry.Revision, entry.Time, now);
            var known = _entries.GetValueOrDefault(entry.Key).Entry;
            if (known is not null && known.Revision >= entry.Revision)
                return false;
            _entries[entry.Key] = (entry, now);
            return known?.Holder != entry.Holder;
        }
    }

    /// <summary>The server has nothing under that key any more.</summary>
    public void Remove(string key)
    {
        lock (_gate)
            _entries.Remove(key);
    }

    /// <summary>Nothing of what was known counts any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _newest = default;
        }
    }

    /// <summary>The last entry of a key, and whether it is in force; null where there is none.</summary>
    public LeaseEntry? Of(string key, out bool isInForce)
    {
        lock (_gate)
        {
            var known = _entries.GetValueOrDefault(key);
            isInForce = known.Entry is not null && IsInForce(known);
            return known.Entry;
        }
    }

    /// <summary>The keys with that beginning whose entries are in force, in order; the others are forgotten.</summary>
    public List<string> KeysInForce(string prefix)
    {
        lock (_gate)
        {
            var keys = _entries.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            keys.RemoveAll(key => !IsInForce(_entries[key]) && _entries.Remove(key));
            return keys;
        }
    }

    // The server's time is not asked for but carried on from the newest entry seen, and so never ahead of it.
    private bool IsInForce((LeaseEntry Entry, long Seen) known) =>
        known.Entry.Holder is not null
        && time.GetElapsedTime(known.Seen) < duration
        && _newest.Time + time.GetElapsedTime(_newest.Seen) - known.Entry.Time < duration;
}

/// <summary>One key of a group as the server has it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Holder">Who wrote it; null when it was given back.</param>
/// <param name="Revision">The revision to write against.</param>
/// <param name="Time">When the server took it.</param>
internal sealed record LeaseEntry(string Key, string? Holder, ulong Revision, DateTimeOffset Time)
{
    public static LeaseEntry Of(NatsKVEntry<string> entry) => new(
        entry.Key, entry.Operation == NatsKVOperation.Put ? entry.Value : null, entry.Revision, entry.Created);
}
