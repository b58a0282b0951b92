namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>A signal as the kernel numbers it, the same on Linux and macOS.</summary>
internal enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
}

/// <summary>
/// The session of a process we started: itself and whatever it starts, also after it is gone, unless a process opens a session of
/// its own. On Linux its members are read from /proc; elsewhere the process group stands for it.
/// </summary>
internal static partial class Session
{
    public static void Send(int process, Signal signal)
    {
        // No such process is what we want to hear; anything else cannot happen for a child of ours.
        _ = Kill(process, (int)signal);
    }

    /// <summary>Ends every process of the session, kindly first.</summary>
    public static async Task EndAsync(int session, TimeProvider time, CancellationToken kill)
    {
        SendToAll(session, Signal.Terminate);
        var deadline = time.GetTimestamp();
        while (HasMembers(session) && !kill.IsCancellationRequested && time.GetElapsedTime(deadline) < TimeSpan.FromSeconds(2))
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, CancellationToken.None);

        SendToAll(session, Signal.Kill);
        while (HasMembers(session) && time.GetElapsedTime(deadline) < TimeSpan.FromSeconds(4))
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, CancellationToken.None);
    }

    public static bool HasMembers(int session) => OperatingSystem.IsLinux() ? Members(session).Any() : Kill(-session, 0) == 0;

    private static void SendToAll(int session, Signal signal)
    {
        if (!OperatingSystem.IsLinux())
        {
            Send(-session, signal);
            return;
        }

        foreach (var member in Members(session).ToList())
            Send(member, signal);
    }

    private static IEnumerable<int> Members(int session)
    {
        var wanted = session.ToString(CultureInfo.InvariantCulture);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory.AsSpan()), CultureInfo.InvariantCulture, out var process))
                continue;

            // proc(5): pid (comm) state ppid pgrp session …; comm may hold anything, also parentheses.
            var stat = ReadStat(directory);
            var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 3 && fields[3] == wanted && fields[0] != "Z")
                yield return process;
        }
    }

    private static string ReadStat(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "stat"));
        }
        catch (IOException)
        {
            // The process ended while we looked.
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
