using System.Text.Json;
using System.Text.RegularExpressions;

namespace Standins.Aspire.Hosting.Projects;

/// <summary>A profile of a project's launchSettings.json.</summary>
internal sealed partial record LaunchProfile(string Name)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    public string? CommandName { get; init; }
    public string? CommandLineArgs { get; init; }
    public string? ApplicationUrl { get; init; }
    public Dictionary<string, string> EnvironmentVariables { get; init; } = [];

    /// <summary>
    /// The profile named by <c>AppHost:DefaultLaunchProfileName</c> or by the app host's own DOTNET_LAUNCH_PROFILE, if the project
    /// has it, else the first that runs the project; null when there is none.
    /// </summary>
    public static LaunchProfile? Choose(string projectPath, IConfiguration configuration)
    {
        var file = Path.Combine(Path.GetDirectoryName(projectPath)!, "Properties", "launchSettings.json");
        if (!File.Exists(file))
            return null;

        try
        {
            var profiles = JsonSerializer.Deserialize<LaunchSettings>(File.ReadAllText(file), Json)?.Profiles ?? [];
            var wanted = configuration["AppHost:DefaultLaunchProfileName"] ?? configuration["DOTNET_LAUNCH_PROFILE"];
            var name = wanted is not null && profiles.ContainsKey(wanted)
                ? wanted
                : profiles.FirstOrDefault(p => p.Value.CommandName is null or "" or "Project" or "Executable").Key;
            return name is null ? null : profiles[name] with { Name = name };
        }
        catch (JsonException failure)
        {
            throw new DistributedApplicationException($"{file} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>Scheme, name and port of each address: http, https, and http2 for a second one of a scheme.</summary>
    public IEnumerable<(string Scheme, string Name, int Port)> Endpoints()
    {
        var seen = new Dictionary<string, int>();
        foreach (var url in (ApplicationUrl ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var uri = new Uri(url.Replace("://*", "://localhost", StringComparison.Ordinal).Replace("://+", "://localhost", StringComparison.Ordinal));
            var count = seen[uri.Scheme] = seen.GetValueOrDefault(uri.Scheme) + 1;
            yield return (uri.Scheme, count == 1 ? uri.Scheme : $"{uri.Scheme}{count}", uri.Port);
        }
    }

    /// <summary>The arguments, split at spaces outside double quotes.</summary>
    public IEnumerable<string> Arguments() =>
        Argument().Matches(CommandLineArgs ?? "").Select(m => m.Value.Replace("\"", "", StringComparison.Ordinal));

    [GeneratedRegex("(\"[^\"]*\"|[^ \"])+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Argument();

    private sealed record LaunchSettings(Dictionary<string, LaunchProfile> Profiles);
}
