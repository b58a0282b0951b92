using System.Diagnostics.CodeAnalysis;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>Adds environment variables when the process is about to start.</summary>
public sealed record EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> Callback) : IResourceAnnotation;

/// <summary>The environment of a process in the making; a variable is text, or an <see cref="IValueProvider" /> to be resolved.</summary>
[SuppressMessage("Design", "MA0016:Prefer using collection abstraction instead of implementation", Justification = "Aspire's signature.")]
public sealed record EnvironmentCallbackContext(
    IResource Resource, Dictionary<string, object> EnvironmentVariables, CancellationToken CancellationToken = default);

/// <summary>Adds command line arguments when the process is about to start.</summary>
public sealed record CommandLineArgsCallbackAnnotation(Func<CommandLineArgsCallbackContext, Task> Callback) : IResourceAnnotation;

/// <summary>The command line of a process in the making; an argument is text, or an <see cref="IValueProvider" /> to be resolved.</summary>
public sealed record CommandLineArgsCallbackContext(IList<object> Args, CancellationToken CancellationToken = default);

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

/// <summary>A resource starts only after another one; the exit code counts for <see cref="WaitType.WaitForCompletion" /> only.</summary>
public sealed record WaitAnnotation(IResource Resource, WaitType WaitType, int ExitCode = 0) : IResourceAnnotation;

/// <summary>The resource is healthy only while the health check registered under this name with the application's services passes.</summary>
public sealed record HealthCheckAnnotation(string Key) : IResourceAnnotation;

/// <summary>How many processes of the project run.</summary>
public sealed record ReplicaAnnotation(int Replicas = 1) : IResourceAnnotation;

internal static class ReplicaExtensions
{
    public static int GetReplicaCount(this IResource resource) => resource.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1;
}

/// <summary>How a resource relates to another one: <c>Reference</c> or <c>Parent</c>.</summary>
public sealed record ResourceRelationshipAnnotation(IResource Resource, string Type) : IResourceAnnotation;
