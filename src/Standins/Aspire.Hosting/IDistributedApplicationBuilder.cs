using System.Collections.ObjectModel;

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

    /// <summary>Lets one act when something happens, such as <c>Eventing.Subscribe&lt;BeforeStartEvent&gt;(…)</c>.</summary>
    IDistributedApplicationEventing Eventing { get; }

    /// <summary>The resources so far.</summary>
    IResourceCollection Resources { get; }

    /// <summary>Adds a resource.</summary>
    /// <exception cref="DistributedApplicationException">There is a resource of that name.</exception>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>Builds the application, to be run.</summary>
    DistributedApplication Build();
}

/// <summary>The resources of an application.</summary>
public interface IResourceCollection : IList<IResource>;

internal sealed class ResourceCollection : Collection<IResource>, IResourceCollection;

/// <summary>The application's resources, as a service.</summary>
public sealed record DistributedApplicationModel(IResourceCollection Resources);
