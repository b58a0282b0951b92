namespace Standins.Aspire.Hosting.EmbeddedKafka;

/// <summary>Which signals a thread may be interrupted by; the threads that it makes inherit that. POSIX: <c>pthread_sigmask</c>.</summary>
internal static partial class SignalMask
{
    // At least as large as sigset_t is anywhere.
    private const int SetBytes = 128;

    private static int SetIt => OperatingSystem.IsMacOS() ? 3 : 2;

    /// <summary>Makes something while this thread takes no signal. Nothing is changed on Windows, which has none.</summary>
    public static T WithoutSignals<T>(Func<T> make)
    {
        if (OperatingSystem.IsWindows())
            return make();

        var (all, before) = (new byte[SetBytes], new byte[SetBytes]);
        if (Fill(all) != 0 || Mask(SetIt, all, before) != 0)
            throw new InvalidOperationException("The signals of a thread cannot be masked.");
        try
        {
            return make();
        }
        finally
        {
            _ = Mask(SetIt, before, all);
        }
    }

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int Fill([Out] byte[] signals);

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int Mask(int how, byte[] signals, [Out] byte[] before);
}
