using System.Diagnostics;

namespace Patterns;

/// <summary>
/// A service in a process of its own, for a test to kill. Its relays publish some batches into a file and hold every further one for
/// ever after that: it has arrived, and nobody will commit or confirm it.
/// </summary>
internal static class RelayProcess
{
    public const string Verb = "relay-until-killed";
    public const string Held = "held";

    private const int BatchesBefore = 4;

    /// <summary>Starts one; its standard output says <see cref="Held"/> when the first batch is held.</summary>
    public static Process Start(string connectionString, string log, string relay) => Process.Start(
        new ProcessStartInfo(Environment.ProcessPath!, [.. Host, Verb, connectionString, log, relay]) { RedirectStandardOutput = true, UseShellExecute = false })!;

    public static async Task<int> RunAsync(string connectionString, string log, string relay)
    {
        var batches = 0;
        var broker = new FileBroker(log)
        {
            OnArrival = async cancellationToken =>
            {
                if (Interlocked.Increment(ref batches) <= BatchesBefore)
                    return;
                await Console.Out.WriteLineAsync(Held);
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            },
        };
        await using var service = TestService.Prepare(connectionString, broker, settings: [("Outbox:Relay", relay), ("Outbox:MaxBatch", "20")]);
        await service.StartAsync();
        await Task.Delay(Timeout.InfiniteTimeSpan);
        return 0;
    }

    // Run as "dotnet Patterns.dll", the process is dotnet.
    private static string[] Host => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(RelayProcess).Assembly.Location] : [];
}
