using Standins.Aspire.Hosting.Orchestration;

namespace Standins.Aspire.Hosting.ApplicationModel;

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

/// <summary>Starts, stops and restarts single resources of a running application. Thread safe.</summary>
public sealed class ResourceCommandService
{
    private readonly Orchestrator _orchestrator;

    internal ResourceCommandService(Orchestrator orchestrator) => _orchestrator = orchestrator;

    /// <summary>Executes a command and waits for its end: a start or restart has succeeded when the process runs.</summary>
    /// <param name="resourceId">The name of the resource.</param>
    /// <param name="commandName"><c>start</c>, <c>stop</c> or <c>restart</c>, also with Aspire's older prefix <c>resource-</c>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The outcome; a failure is a result, not an exception.</returns>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        if (_orchestrator.FindProcess(resourceId) is not { } process)
            return new ExecuteCommandResult { Success = false, Message = $"There is no process resource '{resourceId}'." };

        try
        {
            switch (commandName.Replace("resource-", "", StringComparison.Ordinal))
            {
                case "start":
                    await process.StartAgainAsync(cancellationToken);
                    break;
                case "stop":
                    await process.StopAsync(discard: false, cancellationToken);
                    break;
                case "restart":
                    await process.StopAsync(discard: false, cancellationToken);
                    await process.StartAgainAsync(cancellationToken);
                    break;
                default:
                    return new ExecuteCommandResult { Success = false, Message = $"'{resourceId}' has no command '{commandName}'." };
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new ExecuteCommandResult { Success = false, Canceled = true, Message = "Cancelled." };
        }
        catch (DistributedApplicationException failure)
        {
            return new ExecuteCommandResult { Success = false, Message = failure.Message };
        }

        return new ExecuteCommandResult { Success = true };
    }
}
