namespace Standins.Aspire.Hosting.Projects;

/// <summary>A project as a process: its built assembly, started directly, in the directory of the project.</summary>
internal static class ProjectProcess
{
    private static readonly string? Configuration =
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration;

    public static async Task<ProcessSpec> PrepareAsync(ProjectResource project, IProjectMetadata metadata, ProcessContext context)
    {
        var assembly = (metadata as IBuiltProjectMetadata)?.TargetPath ?? FindAssembly(project.Name, metadata.ProjectPath);
        if (!File.Exists(assembly))
            throw new DistributedApplicationException($"'{project.Name}' is not built: there is no {assembly}.");

        var environment = new Dictionary<string, string>(await ProcessSettings.ResolveEnvironmentAsync(project, context));
        // After the callbacks: the application may set attributes of its own.
        environment.TryAdd("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={context.Instance.Suffix}");
        return new ProcessSpec(
            Executables.DotNet(),
            [assembly, .. await ProcessSettings.ResolveArgumentsAsync(project, context)],
            Path.GetDirectoryName(metadata.ProjectPath)!)
        {
            Environment = environment,
        };
    }

    /// <summary>The newest assembly below <c>bin</c>, of the same configuration (Debug, Release) as ourselves if there is one.</summary>
    private static string FindAssembly(string name, string projectPath)
    {
        if (!File.Exists(projectPath))
            throw new DistributedApplicationException($"'{name}' has no project: there is no {projectPath}.");

        const string suffix = ".runtimeconfig.json";
        var output = Path.Combine(Path.GetDirectoryName(projectPath)!, "bin");
        var newest = !Directory.Exists(output)
            ? null
            : Directory.EnumerateFiles(output, Path.GetFileNameWithoutExtension(projectPath) + suffix, SearchOption.AllDirectories)
                .MaxBy(f => (f.Contains($"/{Configuration}/", StringComparison.Ordinal), File.GetLastWriteTimeUtc(f)));
        return newest is null
            ? throw new DistributedApplicationException($"'{name}' is not built: run dotnet build {projectPath}.")
            : newest[..^suffix.Length] + ".dll";
    }
}
