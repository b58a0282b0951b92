namespace Standins.Aspire.Hosting;

/// <summary>Programs as resources.</summary>
public static class ExecutableExtensions
{
    /// <summary>Adds a program. It gets the environment and the arguments that are asked for, and nothing else.</summary>
    /// <param name="workingDirectory">The directory it runs in, relative to that of the app host.</param>
    public static IResourceBuilder<ExecutableResource> AddExecutable(
        this IDistributedApplicationBuilder builder, string name, string command, string workingDirectory, params string[]? args)
    {
        var directory = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, workingDirectory));
        var executable = new ExecutableResource(name, command, directory);
        return builder.AddResource(executable)
            .WithArgs(args ?? [])
            .WithAnnotation(new ProcessAnnotation(async context => new ProcessSpec(
                command.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(Path.Combine(directory, command)) : command,
                await ProcessSettings.ResolveArgumentsAsync(executable, context),
                directory)
            {
                Environment = await ProcessSettings.ResolveEnvironmentAsync(executable, context),
            }));
    }
}
