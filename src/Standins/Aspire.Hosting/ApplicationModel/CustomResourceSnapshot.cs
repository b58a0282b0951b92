namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>What is known of one instance of a resource at one moment. Immutable.</summary>
public sealed record CustomResourceSnapshot
{
    /// <summary>The kind of resource: Project, Executable, Parameter, …</summary>
    public required string ResourceType { get; init; }

    /// <summary>What else is known; <c>executable.pid</c> is the number of the process while it runs.</summary>
    public ImmutableArray<ResourcePropertySnapshot> Properties { get; init; } = [];

    /// <summary>One of <see cref="KnownResourceStates" />; null before the start.</summary>
    public ResourceStateSnapshot? State { get; init; }

    /// <summary>The exit code of the process, 128 + n after signal n; null while it runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the process started.</summary>
    public DateTime? StartTimeStamp { get; init; }

    /// <summary>When the process ended.</summary>
    public DateTime? StopTimeStamp { get; init; }

    /// <summary>Where the resource is reached.</summary>
    public ImmutableArray<UrlSnapshot> Urls { get; init; } = [];

    /// <summary>The environment the process was started with.</summary>
    public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; init; } = [];

    /// <summary>The last result of each health check; a check that has not run yet has no status.</summary>
    public ImmutableArray<HealthReportSnapshot> HealthReports { get; init; } = [];

    /// <summary>
    /// Null unless the instance runs. Healthy without checks, otherwise the worst of them, where one that has not run yet
    /// counts as unhealthy.
    /// </summary>
    public HealthStatus? HealthStatus => State?.Text != KnownResourceStates.Running
        ? null
        : HealthReports.Length == 0
            ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy
            : HealthReports.Min(r => r.Status ?? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy);

    /// <summary>Whether the callbacks of <see cref="ResourceReadyEvent" /> have ended since the start.</summary>
    internal bool IsAnnounced { get; init; }
    internal bool IsReady => IsAnnounced && HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy;
}

/// <summary>The state of a resource: one of <see cref="KnownResourceStates" />. The style is unused here.</summary>
public sealed record ResourceStateSnapshot(string Text, string? Style)
{
    /// <summary>Makes a state of its name.</summary>
    public static implicit operator ResourceStateSnapshot?(string? s) => s is null ? null : new(s, null);
}

/// <summary>Something else that is known of a resource.</summary>
public sealed record ResourcePropertySnapshot(string Name, object? Value);

/// <summary>A variable of a process; secrets are not hidden here. Whether it is from the specification is always true.</summary>
public sealed record EnvironmentVariableSnapshot(string Name, string? Value, bool IsFromSpec);

/// <summary>An address of a resource, by the name of its endpoint; an internal one is of no interest to people.</summary>
public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal);

/// <summary>The last result of one health check: its key, the status (null before the first run) and what it says.</summary>
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
}

/// <summary>An instance of a resource has changed: its id (for a process, the name of the resource and 8 letters), and what is known of it now.</summary>
public sealed record ResourceEvent(IResource Resource, string ResourceId, CustomResourceSnapshot Snapshot);
