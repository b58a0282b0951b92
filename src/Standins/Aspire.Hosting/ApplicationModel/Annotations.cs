using System.Diagnostics.CodeAnalysis;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>Adds environment variables when the process is about to start.</summary>
/// <param name="callback">Fills the variables.</param>
public sealed class EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> callback) : IResourceAnnotation
{
    /// <summary>Fills the variables.</summary>
    public Func<EnvironmentCallbackContext, Task> Callback { get; } = callback;
}

/// <summary>The environment of a process in the making.</summary>
/// <param name="executionContext">How the application runs.</param>
/// <param name="resource">The resource the process belongs to.</param>
/// <param name="environmentVariables">The variables so far: text, or <see cref="IValueProvider" /> to be resolved.</param>
/// <param name="cancellationToken">Cancelled when the start is given up.</param>
[SuppressMessage("Design", "MA0016:Prefer using collection abstraction instead of implementation", Justification = "Aspire's signature.")]
public sealed class EnvironmentCallbackContext(
    DistributedApplicationExecutionContext executionContext,
    IResource resource,
    Dictionary<string, object> environmentVariables,
    CancellationToken cancellationToken = default)
{
    /// <summary>The variables so far: text, or <see cref="IValueProvider" /> to be resolved.</summary>
    public Dictionary<string, object> EnvironmentVariables { get; } = environmentVariables;

    /// <summary>How the application runs.</summary>
    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    /// <summary>The resource the process belongs to.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>Cancelled when the start is given up.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;
}

/// <summary>Adds command line arguments when the process is about to start.</summary>
/// <param name="callback">Adds the arguments.</param>
public sealed class CommandLineArgsCallbackAnnotation(Func<CommandLineArgsCallbackContext, Task> callback) : IResourceAnnotation
{
    /// <summary>Adds the arguments.</summary>
    public Func<CommandLineArgsCallbackContext, Task> Callback { get; } = callback;
}

/// <summary>The command line of a process in the making.</summary>
/// <param name="args">The arguments so far: text, or <see cref="IValueProvider" /> to be resolved.</param>
/// <param name="cancellationToken">Cancelled when the start is given up.</param>
public sealed class CommandLineArgsCallbackContext(IList<object> args, CancellationToken cancellationToken = default)
{
    /// <summary>The arguments so far: text, or <see cref="IValueProvider" /> to be resolved.</summary>
    public IList<object> Args { get; } = args;

    /// <summary>Cancelled when the start is given up.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;
}

/// <summary>What of another resource is awaited.</summary>
public enum WaitType
{
    /// <summary>That it runs and is healthy.</summary>
    WaitUntilHealthy,

    /// <summary>That it has ended.</summary>
    WaitForCompletion,

    /// <summary>That it runs.</summary>
    WaitUntilStarted,
}

/// <summary>A resource starts only after another one.</summary>
/// <param name="resource">The resource that is awaited.</param>
/// <param name="waitType">What of it is awaited.</param>
/// <param name="exitCode">The exit code it must end with; counts for <see cref="WaitType.WaitForCompletion" /> only.</param>
public sealed class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    /// <summary>The resource that is awaited.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>What of it is awaited.</summary>
    public WaitType WaitType { get; } = waitType;

    /// <summary>The exit code it must end with.</summary>
    public int ExitCode { get; } = exitCode;
}

/// <summary>The resource is healthy only while the health check of this name passes.</summary>
/// <param name="key">The name under which the check is registered with the application's services.</param>
public sealed class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    /// <summary>The name under which the check is registered.</summary>
    public string Key { get; } = key;
}

/// <summary>How many processes of the project run.</summary>
/// <param name="replicas">The number.</param>
public sealed class ReplicaAnnotation(int replicas = 1) : IResourceAnnotation
{
    /// <summary>The number.</summary>
    public int Replicas { get; } = replicas;
}

internal static class ReplicaExtensions
{
    public static int GetReplicaCount(this IResource resource) => resource.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1;
}

/// <summary>How a resource relates to another one.</summary>
/// <param name="resource">The other resource.</param>
/// <param name="type"><c>Reference</c>, <c>WaitFor</c> or <c>Parent</c>.</param>
public sealed class ResourceRelationshipAnnotation(IResource resource, string type) : IResourceAnnotation
{
    /// <summary>The other resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary><c>Reference</c>, <c>WaitFor</c> or <c>Parent</c>.</summary>
    public string Type { get; } = type;
}
