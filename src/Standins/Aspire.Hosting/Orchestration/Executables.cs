namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Finds programs.</summary>
internal static class Executables
{
    /// <summary>A program on PATH or in one of the directories; null when there is none.</summary>
    public static string? Find(string name, params IEnumerable<string> directories)
    {
        if (name.Contains('/', StringComparison.Ordinal))
            return File.Exists(name) ? name : null;

        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return path.Concat(directories).Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>A server program at the place set, else on PATH or in one of the directories.</summary>
    public static string FindServer(string name, string? setting, string packages, params IEnumerable<string> directories) =>
        (setting is null ? Find(name, directories) : File.Exists(setting) ? setting : null)
        ?? throw new DistributedApplicationException(
            setting is null ? $"{name} is not installed: {packages}." : $"{name} is not where the settings say, {setting}: {packages}.");

    /// <summary>The dotnet host that runs this process.</summary>
    public static string DotNet()
    {
        var runtime = RuntimeEnvironment.GetRuntimeDirectory();
        var host = Path.GetFullPath(Path.Combine(runtime, "..", "..", "..", "dotnet"));
        return File.Exists(host)
            ? host
            : Find("dotnet") ?? throw new DistributedApplicationException("dotnet is not on PATH.");
    }
}
