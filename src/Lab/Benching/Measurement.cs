using System.Diagnostics;

namespace Lab.Benching;

/// <summary>What a number of messages cost.</summary>
/// <param name="Messages">How many.</param>
/// <param name="Seconds">How long they took.</param>
/// <param name="ClientSeconds">Processor time of this process, all threads.</param>
/// <param name="ServerSeconds">Processor time of the server; null when it is not a process of this machine.</param>
/// <param name="AllocatedBytes">Memory this process allocated.</param>
internal sealed record Measurement(int Messages, double Seconds, double ClientSeconds, double? ServerSeconds, long AllocatedBytes)
{
    private const double Million = 1_000_000;

    public double PerSecond => Messages / Seconds;

    /// <summary>Microseconds of this process per message.</summary>
    public double ClientMicroseconds => ClientSeconds / Messages * Million;

    /// <summary>Microseconds of the server per message.</summary>
    public double? ServerMicroseconds => ServerSeconds / Messages * Million;

    public double BytesPerMessage => (double)AllocatedBytes / Messages;

    /// <summary>Runs an action that handles that many messages and measures it.</summary>
    public static async Task<Measurement> OfAsync(int messages, Process? server, Func<Task> action)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var clientStart = Environment.CpuUsage.TotalTime;
        var serverStart = ProcessorTime(server);
        var start = Stopwatch.GetTimestamp();
        await action();
        var elapsed = Stopwatch.GetElapsedTime(start);
        return new Measurement(
            messages,
            elapsed.TotalSeconds,
            (Environment.CpuUsage.TotalTime - clientStart).TotalSeconds,
            (ProcessorTime(server) - serverStart)?.TotalSeconds,
            GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    private static TimeSpan? ProcessorTime(Process? process)
    {
        process?.Refresh();
        return process?.TotalProcessorTime;
    }
}
