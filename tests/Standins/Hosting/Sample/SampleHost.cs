using System.Diagnostics;

namespace Standins.Tests.Hosting.Sample;

/// <summary>An app host as a user writes it.</summary>
internal static class SampleHost
{
    public const string Verb = "sample-host";
    public const string LauncherVerb = "sample-launcher";

    /// <summary>Stands for <c>dotnet run</c>, when it is run by dotnet: starts the app host and waits for its end.</summary>
    public static async Task<int> LaunchAsync(string[] args)
    {
        using var host = Process.Start(Samples.Program, [Verb, .. args]);
        await host.WaitForExitAsync();
        return host.ExitCode;
    }

    public static async Task<int> RunAsync(string[] args)
    {
        var builder = DistributedApplication.CreateBuilder(args);
        var service = builder.AddSample(builder.Configuration["service-name"] ?? "service");
        if (builder.Configuration["servers"] == "true")
        {
            service.WaitFor(builder.AddPostgres("postgres").AddDatabase("db"))
                .WaitFor(builder.AddNats("nats").WithJetStream())
                .WaitFor(builder.AddKafka("kafka"));
        }

        await builder.Build().RunAsync();
        return Environment.ExitCode;
    }
}
