using System.Security.Cryptography;

namespace Standins.Aspire.Hosting;

/// <summary>Parameters, and servers known by their connection string.</summary>
public static class ParameterExtensions
{
    /// <summary>Adds a parameter with its value from configuration, <c>Parameters:{name}</c>, also with '_' for '-' in the name.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(new ParameterResource(
            name,
            () => FindParameter(builder.Configuration, name)
                ?? throw new MissingParameterValueException($"The parameter '{name}' has no value: set Parameters:{name}."),
            secret));

    /// <summary>Adds a server that runs elsewhere, with its connection string from configuration, <c>ConnectionStrings:{name}</c>.</summary>
    /// <exception cref="MissingParameterValueException">The configuration has no such connection string.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name)
    {
        var value = builder.Configuration.GetConnectionString(name)
            ?? throw new MissingParameterValueException($"There is no connection string '{name}': set ConnectionStrings:{name}.");
        return builder.AddConnectionString(name, ReferenceExpression.Create($"{value}"));
    }

    /// <summary>Adds a server that runs elsewhere.</summary>
    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(
        this IDistributedApplicationBuilder builder, string name, ReferenceExpression connectionStringExpression) =>
        builder.AddResource(new ConnectionStringResource(name, connectionStringExpression))
            .AddCheck($"{name}_tcp_check", () => new TcpHealthCheck(connectionStringExpression));

    /// <summary>The password of a server: <c>Parameters:{name}-password</c>, else 22 random letters and digits (130 bits).</summary>
    internal static ParameterResource CreatePassword(this IDistributedApplicationBuilder builder, string resourceName)
    {
        var name = $"{resourceName}-password";
        return new ParameterResource(name, () => FindParameter(builder.Configuration, name) ?? RandomNumberGenerator.GetString(Alphabet, 22), secret: true);
    }

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static string? FindParameter(ConfigurationManager configuration, string name) =>
        configuration[$"Parameters:{name}"] ?? configuration[$"Parameters:{name.Replace('-', '_')}"];
}
