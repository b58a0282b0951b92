using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Standins.Aspire.Hosting.ApplicationModel;
using Standins.Aspire.Hosting.Eventing;

namespace Standins.Aspire.Hosting;

/// <summary>Describes a distributed application. Nothing runs before it is built and started. Not thread safe.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>The configuration: appsettings.json of the app host, environment variables, command line arguments.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>The directory of the app host's project; relative project paths start there.</summary>
    string AppHostDirectory { get; }

    /// <summary>The environment of the app host itself.</summary>
    IHostEnvironment Environment { get; }

    /// <summary>The services of the app host itself.</summary>
    IServiceCollection Services { get; }

    /// <summary>How the application runs.</summary>
    DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <summary>Lets one act when something happens, such as <c>Eventing.Subscribe&lt;BeforeStartEvent&gt;(…)</c>.</summary>
    IDistributedApplicationEventing Eventing { get; }

    /// <summary>The resources so far.</summary>
    IResourceCollection Resources { get; }

    /// <summary>Adds a resource.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="resource">The resource.</param>
    /// <returns>A builder that describes it further.</returns>
    /// <exception cref="DistributedApplicationException">There is a resource of that name.</exception>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>Makes a builder for a resource without adding it.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="resource">The resource.</param>
    /// <returns>The builder.</returns>
    IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource;

    /// <summary>Builds the application.</summary>
    /// <returns>The application, to be run.</returns>
    DistributedApplication Build();
}

/// <summary>The resources of an application.</summary>
public interface IResourceCollection : IList<IResource>;

internal sealed class ResourceCollection : Collection<IResource>, IResourceCollection;

/// <summary>How the application runs. The stand-in always runs it and never publishes it.</summary>
[SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "Aspire's signature.")]
public sealed class DistributedApplicationExecutionContext
{
    /// <summary>Whether the application runs here.</summary>
    public bool IsRunMode => true;

    /// <summary>Whether a description of the application is made for another place.</summary>
    public bool IsPublishMode => false;
}

/// <summary>The application's resources, as a service.</summary>
/// <param name="resources">The resources.</param>
public sealed class DistributedApplicationModel(IResourceCollection resources)
{
    /// <summary>The resources.</summary>
    public IResourceCollection Resources { get; } = resources;
}
