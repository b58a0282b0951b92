namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>The list of addresses shown at the end of a start.</summary>
internal static class StartReport
{
    public static string Describe(IEnumerable<IResource> resources)
    {
        var urls = resources
            .SelectMany(r => r.Annotations.OfType<EndpointAnnotation>(), (r, e) => (r.Name, Endpoint: e))
            .Where(u => u.Endpoint is { IsInternal: false, AllocatedEndpoint: not null })
            .ToList();
        var width = urls.Select(u => u.Name.Length).DefaultIfEmpty().Max();
        var text = new StringBuilder();
        foreach (var (name, endpoint) in urls)
            text.Append('\n').Append("  ").Append(name.PadRight(width)).Append("  ").Append(endpoint.AllocatedEndpoint!.UriString);
        return text.ToString();
    }
}
