namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A command of a resource.</summary>
public sealed record ResourceCommandAnnotation(string Name, string DisplayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand)
    : IResourceAnnotation;

/// <summary>What a command may use. <c>ResourceName</c> is the id of the instance, such as <c>orders-abcdefgh</c>.</summary>
public sealed record ExecuteCommandContext(
    IServiceProvider ServiceProvider, string ResourceName, ILogger Logger, CancellationToken CancellationToken);

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
