namespace Standins.Aspire.Hosting;

/// <summary>Subscribes to events where resources are described.</summary>
public static class DistributedApplicationEventingExtensions
{
    /// <summary>Calls back before the application starts.</summary>
    public static T OnBeforeStart<T>(this T builder, Func<BeforeStartEvent, CancellationToken, Task> callback)
        where T : IDistributedApplicationBuilder
    {
        builder.Eventing.Subscribe(callback);
        return builder;
    }

    /// <summary>Calls back when the resource is healthy, before what waits for it starts.</summary>
    public static IResourceBuilder<T> OnResourceReady<T>(this IResourceBuilder<T> builder, Func<T, ResourceReadyEvent, CancellationToken, Task> callback)
        where T : IResource
    {
        builder.ApplicationBuilder.Eventing.Subscribe<ResourceReadyEvent>(builder.Resource, (e, token) => callback(builder.Resource, e, token));
        return builder;
    }
}
