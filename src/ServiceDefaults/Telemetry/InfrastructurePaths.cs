using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Telemetry;

/// <summary>The paths that machines poll; their requests are neither traced nor measured.</summary>
internal static class InfrastructurePaths
{
    public const string Health = "/health";
    public const string Alive = "/alive";
    public const string Metrics = "/metrics";

    public static bool Contains(PathString path) => IsBelow(path, Health) || IsBelow(path, Alive) || IsBelow(path, Metrics);

    private static bool IsBelow(PathString path, string root) => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase);
}
