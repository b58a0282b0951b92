using Standins.Aspire.Hosting.ApplicationModel;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Says that a resource is a process, and how to start it; prepared anew for every start.</summary>
internal sealed class ProcessAnnotation(Func<ProcessContext, Task<ProcessSpec>> prepare) : IResourceAnnotation
{
    public Func<ProcessContext, Task<ProcessSpec>> PrepareAsync { get; } = prepare;

    /// <summary>Whether the resource can be started again, after a crash or by command.</summary>
    public bool Restartable { get; init; } = true;
}

/// <summary>What to do once when what a resource without a process depends on is there.</summary>
internal sealed class InitializeAnnotation(Func<CancellationToken, Task> initialize) : IResourceAnnotation
{
    public Func<CancellationToken, Task> InitializeAsync { get; } = initialize;
}

/// <summary>What a recipe may use.</summary>
internal sealed record ProcessContext(AgentContext Agent, ResourceInstance Instance, CancellationToken CancellationToken)
{
    public RunDirectory Directory => Agent.Directory;

    public StandinOptions Options => Agent.Options;

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="DistributedApplicationException">It failed.</exception>
    public Task RunAsync(string program, params IReadOnlyList<string> arguments) =>
        ChildProcess.RunAsync(new ProcessSpec(program, arguments, Directory.Path), Agent.Watchdog, Agent.Time, CancellationToken);
}
