using Microsoft.Extensions.Logging;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A command of a resource.</summary>
public sealed class ResourceCommandAnnotation(string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand)
    : IResourceAnnotation
{
    /// <summary>The name to execute it by, unique in its resource.</summary>
    public string Name { get; } = name;

    /// <summary>The name for people.</summary>
    public string DisplayName { get; } = displayName;

    /// <summary>Does it.</summary>
    public Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand { get; } = executeCommand;
}

/// <summary>What a command may use.</summary>
public sealed class ExecuteCommandContext
{
    /// <summary>The services of the app host.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The id of the instance, such as <c>orders-abcdefgh</c>.</summary>
    public required string ResourceName { get; init; }

    /// <summary>Cancelled when whoever executes the command gives up.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>Writes to the log of the resource.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>The outcome of a command.</summary>
public sealed class ExecuteCommandResult
{
    /// <summary>Whether it did what was asked.</summary>
    public required bool Success { get; init; }

    /// <summary>Whether it was cancelled.</summary>
    public bool Canceled { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Message { get; init; }
}

/// <summary>Makes the outcomes of commands.</summary>
public static class CommandResults
{
    /// <summary>It did what was asked.</summary>
    public static ExecuteCommandResult Success() => new() { Success = true };

    /// <summary>It failed.</summary>
    public static ExecuteCommandResult Failure(string? errorMessage = null) => new() { Success = false, Message = errorMessage };

    /// <summary>It was cancelled.</summary>
    public static ExecuteCommandResult Canceled() => new() { Success = false, Canceled = true };
}
