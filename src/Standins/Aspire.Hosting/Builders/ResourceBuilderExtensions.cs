namespace Standins.Aspire.Hosting;

/// <summary>Environment, arguments, endpoints and waits of any resource.</summary>
public static class ResourceBuilderExtensions
{
    /// <summary>Sets an environment variable; null means empty.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => builder.WithEnvironment(c => c.EnvironmentVariables[name] = value ?? "");

    /// <summary>Sets an environment variable to text with holes.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithEnvironment => builder.WithEnvironment(c => c.EnvironmentVariables[name] = value);

    /// <summary>Sets an environment variable to the address of an endpoint.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, EndpointReference endpointReference)
        where T : IResourceWithEnvironment => builder.WithEnvironment(c => c.EnvironmentVariables[name] = endpointReference);

    /// <summary>Sets an environment variable to a parameter.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment => builder.WithEnvironment(c => c.EnvironmentVariables[name] = parameter.Resource);

    /// <summary>Sets environment variables when the process is about to start.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, Action<EnvironmentCallbackContext> callback)
        where T : IResourceWithEnvironment => builder.WithAnnotation(new EnvironmentCallbackAnnotation(context =>
        {
            callback(context);
            return Task.CompletedTask;
        }));

    /// <summary>Adds command line arguments.</summary>
    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : IResourceWithArgs => builder.WithArgs(context =>
        {
            foreach (var arg in args)
                context.Args.Add(arg);
        });

    /// <summary>Adds command line arguments when the process is about to start.</summary>
    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, Action<CommandLineArgsCallbackContext> callback)
        where T : IResourceWithArgs => builder.WithAnnotation(new CommandLineArgsCallbackAnnotation(context =>
        {
            callback(context);
            return Task.CompletedTask;
        }));

    /// <summary>Adds an HTTP endpoint, named <c>http</c> by default; see <c>WithEndpoint</c>.</summary>
    public static IResourceBuilder<T> WithHttpEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, string? name = null, string? env = null, bool isProxied = true)
        where T : IResourceWithEndpoints => builder.WithEndpoint(port, targetPort, "http", name, env, isProxied);

    /// <summary>Adds an endpoint, by default of scheme <c>tcp</c>, named by its scheme, on free ports.</summary>
    /// <param name="env">An environment variable that tells the process its port; projects are told by ASPNETCORE_URLS.</param>
    /// <param name="isProxied">Whether a proxy listens on the port, or the process itself.</param>
    /// <exception cref="DistributedApplicationException">The resource has an endpoint of that name.</exception>
    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder,
        int? port = null,
        int? targetPort = null,
        string? scheme = null,
        string? name = null,
        string? env = null,
        bool isProxied = true)
        where T : IResourceWithEndpoints => builder.AddEndpoint(new EndpointAnnotation(ProtocolType.Tcp, scheme, name, port, targetPort, isProxied), env);

    /// <summary>Adds a command, in place of one of the same name.</summary>
    public static IResourceBuilder<T> WithCommand<T>(
        this IResourceBuilder<T> builder, string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand)
        where T : IResource => builder.WithAnnotation(new ResourceCommandAnnotation(name, displayName, executeCommand));

    /// <summary>Marks the HTTP endpoints as meant for the outside. Without effect on this machine.</summary>
    public static IResourceBuilder<T> WithExternalHttpEndpoints<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEndpoints => builder;

    /// <summary>Refers to an endpoint.</summary>
    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name)
        where T : IResourceWithEndpoints => new(builder.Resource, name);

    /// <summary>Waits until another resource runs and is healthy, for at most <c>WaitTimeout</c> (60 s).</summary>
    /// <exception cref="DistributedApplicationException">A resource cannot wait for itself or for what it lives in.</exception>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.AddWait(dependency, WaitType.WaitUntilHealthy);

    /// <summary>Waits until another resource runs.</summary>
    /// <exception cref="DistributedApplicationException">A resource cannot wait for itself or for what it lives in.</exception>
    public static IResourceBuilder<T> WaitForStart<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.AddWait(dependency, WaitType.WaitUntilStarted);

    /// <summary>Waits until another resource has ended, with this exit code.</summary>
    /// <exception cref="DistributedApplicationException">A resource cannot wait for itself or for what it lives in.</exception>
    public static IResourceBuilder<T> WaitForCompletion<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, int exitCode = 0)
        where T : IResourceWithWaitSupport => builder.AddWait(dependency, WaitType.WaitForCompletion, exitCode);

    private static IResourceBuilder<T> AddEndpoint<T>(this IResourceBuilder<T> builder, EndpointAnnotation endpoint, string? env)
        where T : IResourceWithEndpoints
    {
        if (new EndpointReference(builder.Resource, endpoint.Name).Exists)
            throw new DistributedApplicationException($"Resource '{builder.Resource.Name}' has an endpoint '{endpoint.Name}' already.");

        if (env is not null && builder is IResourceBuilder<IResourceWithEnvironment>)
        {
            var port = new EndpointReference(builder.Resource, endpoint.Name).Property(EndpointProperty.TargetPort);
            builder.WithAnnotation(new EnvironmentCallbackAnnotation(context =>
            {
                context.EnvironmentVariables[env] = port;
                return Task.CompletedTask;
            }));
        }

        return builder.WithAnnotation(endpoint);
    }

    private static IResourceBuilder<T> AddWait<T>(
        this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, WaitType type, int exitCode = 0)
        where T : IResourceWithWaitSupport
    {
        for (var resource = (IResource?)builder.Resource; resource is not null; resource = (resource as IResourceWithParent)?.Parent)
        {
            if (resource == dependency.Resource)
                throw new DistributedApplicationException($"'{builder.Resource.Name}' cannot wait for itself or for what it lives in ('{resource.Name}').");
        }

        return builder.WithAnnotation(new WaitAnnotation(dependency.Resource, type, exitCode));
    }
}
