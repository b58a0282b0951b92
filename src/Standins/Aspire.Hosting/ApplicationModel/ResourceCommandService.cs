namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>Executes commands of the resources of a running application. Thread safe.</summary>
public sealed class ResourceCommandService
{
    private readonly Orchestrator _orchestrator;
    private readonly ResourceLoggerService _logs;
    private readonly IServiceProvider _services;

    internal ResourceCommandService(Orchestrator orchestrator, ResourceLoggerService logs, IServiceProvider services) =>
        (_orchestrator, _logs, _services) = (orchestrator, logs, services);

    /// <summary>Executes a command on every replica of a resource at once and waits for its end.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource.Name, commandName, cancellationToken);

    /// <summary>
    /// Executes a command and waits for its end: a start or restart has succeeded when the process runs. A failure is a result, not
    /// an exception.
    /// </summary>
    /// <param name="commandName">
    /// <c>start</c>, <c>stop</c>, <c>restart</c> (also with Aspire's older prefix <c>resource-</c>), or one added by <c>WithCommand</c>.
    /// </param>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        var agents = _orchestrator.FindAgents(resourceId);
        if (agents.Count == 0)
            return CommandResults.Failure($"Resource '{resourceId}' not found.");

        var results = await Task.WhenAll(agents.Select(agent => ExecuteAsync(agent, commandName, cancellationToken)));
        return results.FirstOrDefault(r => !r.Success && !r.Canceled) ?? results.FirstOrDefault(r => !r.Success) ?? results[0];
    }

    private async Task<ExecuteCommandResult> ExecuteAsync(IAgent agent, string commandName, CancellationToken cancellationToken)
    {
        var custom = agent.Instance.Resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(c => c.Name == commandName);
        try
        {
            if (custom is not null)
            {
                var logger = _logs.LoggerOf(agent.Instance);
                return await custom.ExecuteCommand(new ExecuteCommandContext(_services, agent.Instance.Id, logger, cancellationToken));
            }

            var name = commandName.Replace("resource-", "", StringComparison.Ordinal);
            if (agent is not ProcessAgent process || name is not ("start" or "stop" or "restart"))
                return CommandResults.Failure($"'{agent.Instance.Name}' has no command '{commandName}'.");
            if (name is "stop" or "restart")
                await process.StopForNowAsync(discard: false, cancellationToken);
            if (name is "start" or "restart")
                await process.StartAgainAsync(cancellationToken);
            return CommandResults.Success();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return CommandResults.Canceled();
        }
        catch (Exception failure)
        {
            return CommandResults.Failure(failure.Message);
        }
    }
}
