namespace Standins.Aspire.Hosting.EmbeddedKafka;

/// <summary>
/// The program of the cluster in memory: <c>dotnet Standins.Aspire.Hosting.dll embedded-kafka</c>. It prints its bootstrap servers
/// and lives until SIGTERM, SIGINT or the end of standard input.
/// </summary>
internal static class EmbeddedKafkaProgram
{
    public const string Verb = "embedded-kafka";
    public const string Announcement = "bootstrap.servers=";

    private const int Brokers = 3;

    private static async Task<int> Main(string[] args)
    {
        if (args is not [Verb])
        {
            await Console.Error.WriteLineAsync($"usage: {Verb}");
            return 2;
        }

        try
        {
            Console.WriteLine(Announcement + MockCluster.Start(Brokers));
            await WaitForEndAsync();
            return 0;
        }
        catch (DllNotFoundException)
        {
            await Console.Error.WriteLineAsync("librdkafka is not installed: apt-get install librdkafka1 (Debian, Ubuntu), brew install librdkafka (macOS).");
            return 1;
        }
        catch (InvalidOperationException failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return 1;
        }
    }

    private static async Task WaitForEndAsync()
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var input = Console.OpenStandardInput();
        await Task.WhenAny(end.Task, input.CopyToAsync(Stream.Null));

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            end.TrySetResult();
        }
    }
}
