namespace Standins.Aspire.Hosting;

/// <summary>Where a project is. The build generates an implementation <c>Projects.X</c> for each project the app host refers to.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>The path of the project file.</summary>
    string ProjectPath { get; }
}

/// <summary>A project whose build has said where the assembly is; beyond Aspire, so that it starts without <c>dotnet run</c>.</summary>
public interface IBuiltProjectMetadata : IProjectMetadata
{
    /// <summary>The path of the project's assembly.</summary>
    string TargetPath { get; }
}

internal sealed record ProjectPathMetadata(string ProjectPath) : IProjectMetadata;
