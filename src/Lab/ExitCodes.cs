namespace Lab;

/// <summary>What the lab's exit code says.</summary>
internal static class ExitCodes
{
    /// <summary>Every promise was kept, or all that was asked for is done.</summary>
    public const int Kept = 0;

    /// <summary>A promise was broken.</summary>
    public const int Broken = 1;

    /// <summary>Some of what was asked for could not be done; the rest is done.</summary>
    public const int NotAllDone = 1;

    /// <summary>Bad options, or something that did not start: nothing was shown.</summary>
    public const int CouldNotRun = 2;

    /// <summary>Interrupted by the user, as a shell reports SIGINT.</summary>
    public const int Interrupted = 130;
}
