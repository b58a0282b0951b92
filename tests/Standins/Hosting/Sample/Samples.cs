using System.Diagnostics;

namespace Standins.Tests.Hosting.Sample;

/// <summary>Starts this very assembly as a service or as an app host.</summary>
internal static class Samples
{
    /// <summary>The directory of this test project.</summary>
    public static string Directory { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));

    /// <summary>This program.</summary>
    public static string Program { get; } = Path.ChangeExtension(typeof(Samples).Assembly.Location, null);

    public static IResourceBuilder<ExecutableResource> AddEcho(this IDistributedApplicationBuilder builder, string name, params string[] args) =>
        builder.AddExecutable(name, Program, ".", [SampleEcho.Verb, .. args]).WithEndpoint(env: "PORT");

    public static IResourceBuilder<ProjectResource> AddSample(this IDistributedApplicationBuilder builder, string name, params string[] args) =>
        builder.AddProject(name, Path.Combine(Directory, "Standins.csproj"))
            .WithArgs([SampleService.Verb, .. args])
            .WithHttpEndpoint()
            .WithHttpHealthCheck("/health");

    /// <summary>Starts an app host of its own, with a temp directory of its own.</summary>
    public static Process StartHost(string temp, params string[] args) => Start(temp, Program, [SampleHost.Verb, .. args]);

    /// <summary>Starts an app host as <c>dotnet run</c> does: as the child of a dotnet process, which is returned.</summary>
    public static Process LaunchHost(string temp) => Start(temp, "dotnet", [Program + ".dll", SampleHost.LauncherVerb]);

    private static Process Start(string temp, string program, string[] args)
    {
        var start = new ProcessStartInfo(program, args)
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
