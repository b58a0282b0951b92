using System.Diagnostics.CodeAnalysis;

namespace Standins.Aspire.Hosting;

/// <summary>.NET projects as resources.</summary>
public static class ProjectExtensions
{
    /// <summary>Adds a project that the app host refers to.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddProject(name, new TProject());

    /// <summary>Adds a project by its path. It must have been built.</summary>
    /// <param name="projectPath">The project file, relative to the directory of the app host.</param>
    public static IResourceBuilder<ProjectResource> AddProject(this IDistributedApplicationBuilder builder, string name, string projectPath) =>
        builder.AddProject(name, new ProjectPathMetadata(Path.GetFullPath(Path.Combine(builder.AppHostDirectory, projectPath))));

    /// <summary>Says how many processes of the project run, each with ports of its own behind the same proxy.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        return builder.WithAnnotation(new ReplicaAnnotation(replicas));
    }

    [SuppressMessage("Performance", "CA1859:Use concrete types when possible", Justification = "TProject is not seen by the rule.")]
    private static IResourceBuilder<ProjectResource> AddProject(this IDistributedApplicationBuilder builder, string name, IProjectMetadata metadata)
    {
        var project = new ProjectResource(name);
        project.Annotations.Add(metadata);
        var profile = LaunchProfile.Choose(metadata.ProjectPath, builder.Configuration);
        var resource = builder.AddResource(project)
            .WithAnnotation(new EnvironmentCallbackAnnotation(context => ProjectEnvironment.AddAsync(context, builder.Configuration, builder.Environment)))
            .WithAnnotation(new ProcessAnnotation(context => ProjectProcess.PrepareAsync(project, metadata, context)));
        if (profile is null)
            return resource;

        foreach (var (scheme, endpointName, port) in profile.Endpoints())
            resource.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, scheme, endpointName, port));
        return resource
            .WithArgs([.. profile.Arguments()])
            .WithEnvironment(context =>
            {
                context.EnvironmentVariables["DOTNET_LAUNCH_PROFILE"] = profile.Name;
                foreach (var (variable, value) in profile.EnvironmentVariables)
                    context.EnvironmentVariables.TryAdd(variable, Environment.ExpandEnvironmentVariables(value));
            });
    }
}
