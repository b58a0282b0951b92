namespace Standins.Aspire.Hosting.Projects;

/// <summary>The environment every project gets.</summary>
internal static class ProjectEnvironment
{
    public static async Task AddAsync(EnvironmentCallbackContext context, IConfiguration configuration, IHostEnvironment environment)
    {
        var variables = context.EnvironmentVariables;
        variables["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true";
        variables["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
        variables["OTEL_SERVICE_NAME"] = context.Resource.Name;
        await AddExporterAsync(variables, configuration, context.CancellationToken);
        if (environment.IsDevelopment())
            AddDevelopment(variables);

        var endpoints = context.Resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.UriScheme is "http" or "https").ToList();
        if (endpoints.Count > 0)
            variables["ASPNETCORE_URLS"] = new UrlList((IResourceWithEndpoints)context.Resource, endpoints);
        if (endpoints.Find(e => e.UriScheme == "https") is { } https)
        {
            variables["ASPNETCORE_HTTPS_PORT"] =
                new EndpointReference((IResourceWithEndpoints)context.Resource, https.Name).Property(EndpointProperty.Port);
        }
    }

    /// <summary>
    /// The address of the dashboard's collector. The stand-in has no dashboard, so it hands the address on only if something
    /// listens there: services must not spend their time on a collector that does not exist.
    /// </summary>
    private static async Task AddExporterAsync(Dictionary<string, object> variables, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var grpc = configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? configuration["DOTNET_DASHBOARD_OTLP_ENDPOINT_URL"];
        var http = configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] ?? configuration["DOTNET_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"];
        var endpoint = grpc ?? http ?? "http://localhost:18889";
        if (ServerAddress.TryParse(endpoint) is not { } address || await address.FindFaultAsync(cancellationToken) is not null)
            return;

        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = grpc is null && http is not null ? "http/protobuf" : "grpc";
        if (configuration["AppHost:OtlpApiKey"] is { } key)
            variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={key}";
    }

    private static void AddDevelopment(Dictionary<string, object> variables)
    {
        variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
        variables["OTEL_TRACES_SAMPLER"] = "always_on";
        variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
        variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true";
        variables["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "true";
        variables["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "true";
        variables["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";
    }

    private sealed class UrlList(IResourceWithEndpoints resource, IReadOnlyList<EndpointAnnotation> endpoints) : IValueProvider
    {
        public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
        {
            var urls = new List<string>();
            foreach (var endpoint in endpoints)
            {
                var port = new EndpointReference(resource, endpoint.Name).Property(EndpointProperty.TargetPort);
                urls.Add($"{endpoint.UriScheme}://localhost:{await port.GetValueAsync(cancellationToken)}");
            }

            return string.Join(';', urls);
        }
    }
}
