namespace Messaging;

/// <summary>
/// How a message that fails is tried again: a few times at once, then later while it is parked, with its key's later messages
/// behind it. When that is used up it is dead. Immutable.
/// </summary>
public sealed record RetryPolicy
{
    private readonly TimeSpan[] _later;

    private RetryPolicy(int atOnce, TimeSpan pause, TimeSpan[] later) => (AtOnce, Pause, _later) = (atOnce, pause, later);

    /// <summary>No further attempt: the first failure is final. For what no repetition can mend.</summary>
    public static RetryPolicy Never { get; } = new(0, TimeSpan.Zero, []);

    /// <summary>
    /// What a consumer group does unless told otherwise: two further attempts at once, then ten later, within 1, 2, 4 seconds and so
    /// on, at most 5 minutes each; after about seven minutes the message is dead.
    /// </summary>
    public static RetryPolicy Default { get; } =
        Immediately(2).ThenExponentially(TimeSpan.FromSeconds(1), longest: TimeSpan.FromMinutes(5), times: 10);

    /// <summary>How many further attempts are made in place, while the partition waits.</summary>
    public int AtOnce { get; private init; }

    /// <summary>The pause before the first of them; it doubles for each further one and is drawn at random between half and full.</summary>
    public TimeSpan Pause { get; private init; }

    /// <summary>
    /// The tiers of the attempts that a parked message gets: before each one the longest pause. The pause is drawn at random between
    /// zero and that (full jitter), so that messages that failed together do not come back together.
    /// </summary>
    public IReadOnlyList<TimeSpan> Later => _later;

    /// <summary>Tries again at once, so many times, and then no more.</summary>
    /// <param name="times">Further attempts, not negative.</param>
    /// <param name="pause">Before the first of them; null: 50 ms.</param>
    public static RetryPolicy Immediately(int times, TimeSpan? pause = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(times);
        var first = pause ?? TimeSpan.FromMilliseconds(50);
        ArgumentOutOfRangeException.ThrowIfLessThan(first, TimeSpan.Zero, nameof(pause));
        return new RetryPolicy(times, first, []);
    }

    /// <summary>The same, and after that parks the message and tries it once per tier.</summary>
    /// <param name="tiers">The longest pause before each attempt, none negative.</param>
    public RetryPolicy Then(params IReadOnlyList<TimeSpan> tiers)
    {
        ArgumentNullException.ThrowIfNull(tiers);
        foreach (var tier in tiers)
            ArgumentOutOfRangeException.ThrowIfLessThan(tier, TimeSpan.Zero, nameof(tiers));
        return new RetryPolicy(AtOnce, Pause, [.. _later, .. tiers]);
    }

    /// <summary>The same, with tiers that double from <paramref name="first"/> up to <paramref name="longest"/>.</summary>
    public RetryPolicy ThenExponentially(TimeSpan first, TimeSpan longest, int times)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(times);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(first, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, first);
        return Then([.. Enumerable.Range(0, times).Select(n => first * Math.Pow(2, n)).Select(tier => tier < longest ? tier : longest)]);
    }

    /// <summary>A pause before a further attempt in place.</summary>
    /// <param name="attempt">Which one, from 1.</param>
    internal TimeSpan PauseBefore(int attempt) => Pause * Math.Pow(2, attempt - 1) * (0.5 + (Random.Shared.NextDouble() / 2));

    /// <summary>A pause before the next attempt of a parked message; null when there is none left.</summary>
    /// <param name="retries">How many it had while it was parked.</param>
    internal TimeSpan? LaterPauseAfter(int retries) => retries < _later.Length ? _later[retries] * Random.Shared.NextDouble() : null;
}
