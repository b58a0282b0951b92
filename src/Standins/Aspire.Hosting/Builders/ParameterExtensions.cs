using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Standins.Aspire.Hosting.ApplicationModel;
using Standins.Aspire.Hosting.Health;

namespace Standins.Aspire.Hosting;

/// <summary>Parameters, and servers known by their connection string.</summary>
public static class ParameterExtensions
{
    /// <summary>Adds a parameter with its value from configuration, <c>Parameters:{name}</c>, also with '_' for '-' in the name.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    /// <returns>The builder of the parameter.</returns>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(new ParameterResource(
            name,
            () => FindParameter(builder.Configuration, name)
                ?? throw new MissingParameterValueException($"The parameter '{name}' has no value: set Parameters:{name}."),
            secret));

    /// <summary>Adds a parameter with a value.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <param name="publishValueAsDefault">Counts for publishing only, which the stand-in does not do.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    /// <returns>The builder of the parameter.</returns>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, () => value, secret));

    /// <summary>Adds a server that runs elsewhere, with its connection string from configuration, <c>ConnectionStrings:{name}</c>.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name.</param>
    /// <returns>The builder of the server.</returns>
    /// <exception cref="MissingParameterValueException">The configuration has no such connection string.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name)
    {
        var value = builder.Configuration.GetConnectionString(name)
            ?? throw new MissingParameterValueException($"There is no connection string '{name}': set ConnectionStrings:{name}.");
        return builder.AddConnectionString(name, ReferenceExpression.Create($"{value}"));
    }

    /// <summary>Adds a server that runs elsewhere.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name.</param>
    /// <param name="connectionStringExpression">Its connection string.</param>
    /// <returns>The builder of the server.</returns>
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
