namespace Standins.Aspire.Hosting;

/// <summary>Tells one resource where another one is.</summary>
public static class ReferenceExtensions
{
    /// <summary>Hands on a connection string as <c>ConnectionStrings__{name}</c>, and its parts as <c>{NAME}_{PROPERTY}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null)
        where TDestination : IResourceWithEnvironment
    {
        var resource = source.Resource;
        var name = connectionName ?? resource.Name;
        builder.WithAnnotation(new ResourceRelationshipAnnotation(resource, "Reference"));
        return builder.WithEnvironment(context =>
        {
            context.EnvironmentVariables[$"ConnectionStrings__{name}"] = resource.ConnectionStringExpression;
            foreach (var (property, value) in resource.GetConnectionProperties())
                context.EnvironmentVariables[$"{VariableName(name)}_{property.ToUpperInvariant()}"] = value;
        });
    }

    /// <summary>
    /// Hands on the addresses of a service for service discovery: <c>services__{name}__{scheme}__{index}</c> and
    /// <c>{NAME}_{ENDPOINT}</c>.
    /// </summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment
    {
        builder.WithAnnotation(new ResourceRelationshipAnnotation(source.Resource, "Reference"));
        return builder.WithEnvironment(context =>
        {
            foreach (var endpoint in source.Resource.Annotations.OfType<EndpointAnnotation>())
                AddEndpoint(context, new EndpointReference(source.Resource, endpoint.Name));
        });
    }

    /// <summary>Hands on the address of one endpoint for service discovery.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, EndpointReference endpointReference)
        where TDestination : IResourceWithEnvironment
    {
        builder.WithAnnotation(new ResourceRelationshipAnnotation(endpointReference.Resource, "Reference"));
        return builder.WithEnvironment(context => AddEndpoint(context, endpointReference));
    }

    private static void AddEndpoint(EnvironmentCallbackContext context, EndpointReference endpoint)
    {
        var name = endpoint.Resource.Name;
        var variables = context.EnvironmentVariables;
        for (var index = 0; ; index++)
        {
            var key = $"services__{name}__{endpoint.EndpointAnnotation.UriScheme}__{index}";
            if (variables.TryGetValue(key, out var other) && !endpoint.Equals(other))
                continue;
            variables[key] = endpoint;
            break;
        }

        variables[$"{VariableName(name)}_{VariableName(endpoint.EndpointName)}"] = endpoint;
    }

    /// <summary>Upper case, what is no letter and no digit as '_', and '_' before a leading digit.</summary>
    private static string VariableName(string name)
    {
        var variable = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));
        return char.IsAsciiDigit(variable[0]) ? "_" + variable : variable;
    }
}
