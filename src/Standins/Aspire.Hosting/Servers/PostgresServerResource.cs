using Npgsql;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A PostgreSQL server: a process of this machine, or one that runs elsewhere.</summary>
public sealed class PostgresServerResource : Resource, IResourceWithConnectionString, IResourceWithEndpoints, IResourceWithWaitSupport
{
    internal const string EndpointName = "tcp";

    internal PostgresServerResource(string name, ParameterResource password, string? external)
        : base(name)
    {
        PasswordParameter = password;
        External = external;
        PrimaryEndpoint = new EndpointReference(this, EndpointName);
    }

    /// <summary>Where the server listens.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <summary>The password of the superuser.</summary>
    public ParameterResource PasswordParameter { get; }

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression => External is not null
        ? ReferenceExpression.Create($"{External}")
        : ReferenceExpression.Create(
            $"Host={PrimaryEndpoint.Property(EndpointProperty.Host)};Port={PrimaryEndpoint.Property(EndpointProperty.Port)};Username={UserName};Password={PasswordParameter}");

    /// <summary>The connection string of a server that runs elsewhere.</summary>
    internal string? External { get; }

    internal string UserName => External is null ? "postgres" : new NpgsqlConnectionStringBuilder(External).Username ?? "postgres";

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties()
    {
        var host = PrimaryEndpoint.Property(EndpointProperty.Host);
        var port = PrimaryEndpoint.Property(EndpointProperty.Port);
        yield return new("Host", ReferenceExpression.Create($"{host}"));
        yield return new("Port", ReferenceExpression.Create($"{port}"));
        yield return new("Username", ReferenceExpression.Create($"{UserName}"));
        yield return new("Password", ReferenceExpression.Create($"{PasswordParameter}"));
        yield return new("Uri", ReferenceExpression.Create($"postgresql://{Uri.EscapeDataString(UserName)}:{PasswordParameter:uri}@{host}:{port}"));
        yield return new("JdbcConnectionString", ReferenceExpression.Create($"jdbc:postgresql://{host}:{port}"));
    }
}

/// <summary>A database of a PostgreSQL server; it is created when the server is up, if it is not there.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="databaseName">The name of the database.</param>
/// <param name="postgresParentResource">The server.</param>
public sealed class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource postgresParentResource)
    : Resource(name), IResourceWithParent<PostgresServerResource>, IResourceWithConnectionString
{
    /// <summary>The server.</summary>
    public PostgresServerResource Parent { get; } = postgresParentResource;

    /// <summary>The name of the database.</summary>
    public string DatabaseName { get; } = databaseName;

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression
    {
        get
        {
            if (Parent.External is null)
                return ReferenceExpression.Create($"{Parent};Database={DatabaseName}");

            var external = new NpgsqlConnectionStringBuilder(Parent.External) { Database = DatabaseName }.ConnectionString;
            return ReferenceExpression.Create($"{external}");
        }
    }

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties()
    {
        foreach (var (name, value) in Parent.GetConnectionProperties())
        {
            yield return name is "Uri" or "JdbcConnectionString"
                ? new(name, ReferenceExpression.Create($"{value}/{Uri.EscapeDataString(DatabaseName)}"))
                : new(name, value);
        }

        yield return new("DatabaseName", ReferenceExpression.Create($"{DatabaseName}"));
    }
}
