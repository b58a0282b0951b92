namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Says that a resource is a process, and how to start it; prepared anew for every start.</summary>
internal sealed record ProcessAnnotation(Func<ProcessContext, Task<ProcessSpec>> PrepareAsync, bool Restartable = true) : IResourceAnnotation;

/// <summary>What to do once when what a resource without a process depends on is there.</summary>
internal sealed record InitializeAnnotation(Func<CancellationToken, Task> InitializeAsync) : IResourceAnnotation;

/// <summary>What a recipe may use.</summary>
internal sealed record ProcessContext(AgentContext Agent, ResourceInstance Instance, CancellationToken CancellationToken)
{
    public RunDirectory Directory => Agent.Directory;
    public StandinOptions Options => Agent.Options;

    /// <summary>Runs a program to its end.</summary>
    public Task RunAsync(string program, params IReadOnlyList<string> arguments) =>
        ChildProcess.RunAsync(new ProcessSpec(program, arguments, Directory.Path), Agent.Watchdog, Agent.Time, CancellationToken);
}
