using Npgsql;

namespace Standins.Aspire.Hosting;

/// <summary>PostgreSQL as a resource.</summary>
public static class PostgresExtensions
{
    /// <summary>
    /// Adds a PostgreSQL server. It runs as a process of this machine, or, when the configuration has
    /// <c>ConnectionStrings:{name}</c>, it is that server. The superuser's password is <c>Parameters:{name}-password</c>, else random.
    /// </summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(this IDistributedApplicationBuilder builder, string name)
    {
        var external = builder.Configuration.GetConnectionString(name);
        var given = external is null ? null : Parse(name, external);
        var secret = given is null
            ? builder.CreatePassword(name)
            : new ParameterResource($"{name}-password", () => given.Password ?? "", secret: true);
        var resource = new PostgresServerResource(name, secret, external);
        var server = builder.AddResource(resource)
            .WithEndpoint(given?.Port, name: ServerResource.EndpointName, isProxied: false)
            .AddCheck($"{name}_check", () => new PostgresHealthCheck(token => resource.ConnectionStringExpression.GetValueAsync(token)));
        if (given is not null)
            return server.AsExternal(new ServerAddress(given.Host ?? "localhost", given.Port));

        return server.WithAnnotation(new ProcessAnnotation(context => new PostgresProcess(resource, context).PrepareAsync()));
    }

    /// <summary>Adds a database to a server.</summary>
    /// <param name="databaseName">The name of the database; that of the resource by default.</param>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
        return builder.ApplicationBuilder.AddResource(database)
            .WithAnnotation(new ResourceRelationshipAnnotation(builder.Resource, "Parent"))
            .WithAnnotation(new WaitAnnotation(builder.Resource, WaitType.WaitUntilHealthy))
            .WithAnnotation(new InitializeAnnotation(token => PostgresDatabase.EnsureAsync(database, token)))
            .AddCheck($"{name}_check", () => new PostgresHealthCheck(database.ConnectionStringExpression.GetValueAsync));
    }

    private static NpgsqlConnectionStringBuilder Parse(string name, string external)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(external);
        }
        catch (ArgumentException failure)
        {
            throw new DistributedApplicationException(
                $"ConnectionStrings:{name} is no connection string of PostgreSQL: Host=…;Port=…;Username=…;Password=… is expected.", failure);
        }
    }

    internal static IResourceBuilder<T> AsExternal<T>(this IResourceBuilder<T> server, ServerAddress address)
        where T : IResourceWithEndpoints
    {
        foreach (var endpoint in server.Resource.Annotations.OfType<EndpointAnnotation>())
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, address.Host, address.Port);
        return server;
    }
}
