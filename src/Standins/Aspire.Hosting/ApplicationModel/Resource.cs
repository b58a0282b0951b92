using System.Text.RegularExpressions;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>The base of every resource.</summary>
public abstract partial class Resource : IResource
{
    /// <summary>Creates the resource.</summary>
    /// <exception cref="DistributedApplicationException">The name breaks one of these rules.</exception>
    protected Resource(string name)
    {
        if (name is not { Length: >= 1 and <= 64 } || !NamePattern().IsMatch(name))
        {
            throw new DistributedApplicationException(
                $"'{name}' is no resource name: 1 to 64 ASCII letters, digits and single hyphens, starting with a letter.");
        }

        Name = name;
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public ResourceAnnotationCollection Annotations { get; } = [];

    /// <inheritdoc />
    public override string ToString() => Name;

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}

/// <summary>A .NET project that runs as a process.</summary>
public class ProjectResource(string name)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport;

/// <summary>A program that runs as a process.</summary>
public class ExecutableResource(string name, string command, string workingDirectory)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport
{
    /// <summary>The program: a path, or a name to be found on PATH.</summary>
    public string Command { get; } = command;

    /// <summary>The directory the program runs in.</summary>
    public string WorkingDirectory { get; } = workingDirectory;
}
