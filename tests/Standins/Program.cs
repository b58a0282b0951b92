using Standins.Tests.Hosting.Sample;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Standins.Tests;

/// <summary>The test runner; or, by its first argument, a service or an app host for a test to start.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        [SampleService.Verb, .. var rest] => SampleService.RunAsync(rest),
        [SampleHost.Verb, .. var rest] => SampleHost.RunAsync(rest),
        [SampleEcho.Verb, .. var rest] => SampleEcho.RunAsync(rest),
        [SampleHost.LauncherVerb, .. var rest] => SampleHost.LaunchAsync(rest),
        _ when args.Any(a => a is "--server" or "--internal-msbuild-node") =>
            TestPlatformTestFramework.RunAsync(args, Standins.SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => ConsoleRunner.Run(args),
    };
}
