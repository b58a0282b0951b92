using System.Collections.Immutable;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>What is known of a running resource at one moment. Immutable.</summary>
public sealed record CustomResourceSnapshot
{
    /// <summary>The kind of resource: Project, Executable, Parameter, …</summary>
    public required string ResourceType { get; init; }

    /// <summary>One of <see cref="KnownResourceStates" />; null before the start.</summary>
    public ResourceStateSnapshot? State { get; init; }

    /// <summary>The exit code of the process; null while it runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the process started.</summary>
    public DateTime? StartTimeStamp { get; init; }

    /// <summary>When the process ended.</summary>
    public DateTime? StopTimeStamp { get; init; }

    /// <summary>Where the resource listens.</summary>
    public ImmutableArray<UrlSnapshot> Urls { get; init; } = [];

    /// <summary>What else is known, by name: <c>executable.pid</c> is the number of the process while it runs.</summary>
    public ImmutableArray<ResourcePropertySnapshot> Properties { get; init; } = [];

    /// <summary>The last result of each health check; a check that has not run yet has no status.</summary>
    public ImmutableArray<HealthReportSnapshot> HealthReports { get; init; } = [];

    /// <summary>
    /// Null unless the resource runs. Healthy without checks, otherwise the worst of them, where one that has not run yet
    /// counts as unhealthy.
    /// </summary>
    public HealthStatus? HealthStatus => State?.Text != KnownResourceStates.Running
        ? null
        : HealthReports.Length == 0
            ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy
            : HealthReports.Min(r => r.Status ?? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy);
}

/// <summary>The state of a resource.</summary>
/// <param name="Text">One of <see cref="KnownResourceStates" />.</param>
/// <param name="Style">How to show it; unused here.</param>
public sealed record ResourceStateSnapshot(string Text, string? Style)
{
    /// <summary>Makes a state of its name.</summary>
    /// <param name="s">The name.</param>
    public static implicit operator ResourceStateSnapshot?(string? s) => s is null ? null : new(s, null);
}

/// <summary>One more thing that is known of a resource.</summary>
public sealed record ResourcePropertySnapshot(string Name, object? Value);

/// <summary>An address of a resource.</summary>
/// <param name="Name">The name of the endpoint.</param>
/// <param name="Url">The address.</param>
/// <param name="IsInternal">Whether it is of no interest to people.</param>
public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal);

/// <summary>The last result of one health check.</summary>
/// <param name="Name">The key of the check.</param>
/// <param name="Status">The result; null before the first run.</param>
/// <param name="Description">What the check says.</param>
/// <param name="ExceptionText">What went wrong.</param>
public sealed record HealthReportSnapshot(string Name, HealthStatus? Status, string? Description, string? ExceptionText);

/// <summary>The states of a resource.</summary>
public static class KnownResourceStates
{
    /// <summary>About to start.</summary>
    public static readonly string Starting = nameof(Starting);

    /// <summary>Waits for another resource before it starts.</summary>
    public static readonly string Waiting = nameof(Waiting);

    /// <summary>The process runs.</summary>
    public static readonly string Running = nameof(Running);

    /// <summary>Asked to stop.</summary>
    public static readonly string Stopping = nameof(Stopping);

    /// <summary>Ended for good.</summary>
    public static readonly string Finished = nameof(Finished);

    /// <summary>Crashed; the stand-in starts it again.</summary>
    public static readonly string Exited = nameof(Exited);

    /// <summary>Never came up.</summary>
    public static readonly string FailedToStart = nameof(FailedToStart);

    /// <summary>The states a resource does not leave unless somebody starts it again.</summary>
    public static IReadOnlyList<string> TerminalStates { get; } = [Finished, FailedToStart, Exited];
}

/// <summary>A resource has changed.</summary>
/// <param name="resource">The resource.</param>
/// <param name="resourceId">The id of its instance.</param>
/// <param name="snapshot">What is known of it now.</param>
public sealed class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    /// <summary>The resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>The id of its instance.</summary>
    public string ResourceId { get; } = resourceId;

    /// <summary>What is known of it now.</summary>
    public CustomResourceSnapshot Snapshot { get; } = snapshot;
}
