using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Patterns;

/// <summary>The test runner; or, by its first argument, a service for a test to kill.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        [RelayProcess.Verb, var connectionString, var log, var relay] => RelayProcess.RunAsync(connectionString, log, relay),
        _ when args.Any(a => a is "--server" or "--internal-msbuild-node") =>
            TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => ConsoleRunner.Run(args),
    };
}
