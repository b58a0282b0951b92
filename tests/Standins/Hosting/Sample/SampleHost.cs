namespace Standins.Tests.Hosting.Sample;

/// <summary>An app host as a user writes it.</summary>
internal static class SampleHost
{
    public const string Verb = "sample-host";

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
