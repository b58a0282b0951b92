using Npgsql;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A PostgreSQL server. Its arguments are the program's, such as <c>-c wal_level=logical</c>.</summary>
public sealed class PostgresServerResource : ServerResource, IResourceWithArgs
{
    internal PostgresServerResource(string name, ParameterResource password, string? external)
        : base(name, external) => PasswordParameter = password;

    /// <summary>The password of the superuser.</summary>
    public ParameterResource PasswordParameter { get; }

    private protected override ReferenceExpression OwnConnectionString =>
        ReferenceExpression.Create($"Host={Host};Port={Port};Username={UserName};Password={PasswordParameter}");

    private string UserName => External is null ? "postgres" : new NpgsqlConnectionStringBuilder(External).Username ?? "postgres";

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
    [
        .. base.GetConnectionProperties(),
        new("Username", ReferenceExpression.Create($"{UserName}")),
        new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
        new("Uri", ReferenceExpression.Create($"postgresql://{Uri.EscapeDataString(UserName)}:{PasswordParameter:uri}@{Host}:{Port}")),
        new("JdbcConnectionString", ReferenceExpression.Create($"jdbc:postgresql://{Host}:{Port}")),
    ];
}

/// <summary>A database of a PostgreSQL server; it is created when the server is up, if it is not there.</summary>
public sealed class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource postgresParentResource)
    : Resource(name), IResourceWithParent, IResourceWithConnectionString
{
    /// <summary>The server.</summary>
    public PostgresServerResource Parent { get; } = postgresParentResource;

    IResource IResourceWithParent.Parent => Parent;

    /// <summary>The name of the database.</summary>
    public string DatabaseName { get; } = databaseName;

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression => Parent.External is null
        ? ReferenceExpression.Create($"{Parent};Database={DatabaseName}")
        : ReferenceExpression.Create($"{new NpgsqlConnectionStringBuilder(Parent.External) { Database = DatabaseName }.ConnectionString}");

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
    [
        .. Parent.GetConnectionProperties().Select(p => p.Key is "Uri" or "JdbcConnectionString"
            ? new(p.Key, ReferenceExpression.Create($"{p.Value}/{Uri.EscapeDataString(DatabaseName)}"))
            : p),
        new("DatabaseName", ReferenceExpression.Create($"{DatabaseName}")),
    ];
}
