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
    /// <summary>Processor time of the database server, all its processes; null when none took part or it cannot be read.</summary>
    public double? DatabaseSeconds { get; init; }

    /// <summary>In how many batches the messages came, where they came in batches.</summary>
    public int? Batches { get; init; }

    /// <summary>How many messages a batch had, on average.</summary>
    public double? PerBatch => (double)Messages / Batches;

    private const double Million = 1_000_000;

    public double PerSecond => Messages / Seconds;

    /// <summary>Microseconds of this process per message.</summary>
    public double ClientMicroseconds => ClientSeconds / Messages * Million;

    /// <summary>Microseconds of the server per message.</summary>
    public double? ServerMicroseconds => ServerSeconds / Messages * Million;

    /// <summary>Microseconds of the database server per message.</summary>
    public double? DatabaseMicroseconds => DatabaseSeconds / Messages * Million;

    public double BytesPerMessage => (double)AllocatedBytes / Messages;

    /// <summary>The median of something over several rounds.</summary>
    public static double Median(IEnumerable<Measurement> rounds, Func<Measurement, double> of)
    {
        double[] sorted = [.. rounds.Select(of).Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>Measures from its start to its stop.</summary>
internal sealed class Meter
{
    private readonly Process? _server;
    private readonly Process? _database;
    private readonly long _allocated = GC.GetTotalAllocatedBytes(precise: true);
    private readonly TimeSpan _client = Environment.CpuUsage.TotalTime;
    private readonly TimeSpan? _serverTime;
    private readonly TimeSpan? _databaseTime;
    private readonly long _start;

    private Meter(Process? server, Process? database)
    {
        (_server, _serverTime) = (server, ProcessorTime(server));
        (_database, _databaseTime) = (database, ProcessFamily.ProcessorTime(database));
        _start = Stopwatch.GetTimestamp();
    }

    /// <summary>Starts to measure, of the server and the database server too where their processes are known.</summary>
    public static Meter Start(Process? server, Process? database = null)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return new Meter(server, database);
    }

    /// <summary>The same without collecting garbage first: what is measured is under way and would wait.</summary>
    public static Meter StartAtOnce(Process? server) => new(server, database: null);

    /// <summary>What so many messages have cost since the start.</summary>
    public Measurement Stop(int messages) => new(
        messages,
        Stopwatch.GetElapsedTime(_start).TotalSeconds,
        (Environment.CpuUsage.TotalTime - _client).TotalSeconds,
        (ProcessorTime(_server) - _serverTime)?.TotalSeconds,
        GC.GetTotalAllocatedBytes(precise: true) - _allocated)
    {
        DatabaseSeconds = (ProcessFamily.ProcessorTime(_database) - _databaseTime)?.TotalSeconds,
    };

    private static TimeSpan? ProcessorTime(Process? process)
    {
        process?.Refresh();
        return process?.TotalProcessorTime;
    }
}
