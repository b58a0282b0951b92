using System.Diagnostics;

namespace Standins.Tests.Hosting.Sample;

/// <summary>Starts this very assembly as a service or as an app host.</summary>
internal static class Samples
{
    /// <summary>The directory of this test project.</summary>
    public static string Directory { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));

    public static IResourceBuilder<ProjectResource> AddSample(this IDistributedApplicationBuilder builder, string name, params string[] args) =>
        builder.AddProject(name, Path.Combine(Directory, "Standins.csproj"))
            .WithArgs([SampleService.Verb, .. args])
            .WithHttpEndpoint()
            .WithHttpHealthCheck("/health");

    /// <summary>Starts an app host of its own, with a temp directory of its own.</summary>
    public static Process StartHost(string temp, params string[] args)
    {
        var assembly = typeof(Samples).Assembly.Location;
        var start = new ProcessStartInfo(Path.ChangeExtension(assembly, null), [SampleHost.Verb, .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = temp;
        // No sockets of the runtime's own in the temp directory.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment[Processes.Marker] = temp;
        return Process.Start(start)!;
    }

    /// <summary>Reads what an app host prints until it has started everything.</summary>
    public static async Task WaitUntilStartedAsync(this Process host, CancellationToken cancellationToken)
    {
        while (await host.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("Distributed application started.", StringComparison.Ordinal))
                return;
        }

        throw new InvalidOperationException("The app host ended: " + await host.StandardError.ReadToEndAsync(cancellationToken));
    }
}
