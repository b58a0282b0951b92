using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace ServiceDefaults.Discovery;

/// <summary>
/// Finds a service's endpoints in the configuration, as Microsoft.Extensions.ServiceDiscovery does:
/// <c>services:{name}:{scheme}:{i}</c> for <c>http://name</c>, each scheme in turn for <c>https+http://name</c>,
/// <c>services:{name}:{endpoint}:{i}</c> for <c>http://_endpoint.name</c>, and <c>services:{name}:default:{i}</c> where
/// the scheme has none. Several endpoints take turns. An address that names no configured service stays as it is.
/// Safe for use by many threads; follows changes of the configuration.
/// </summary>
internal sealed class ServiceEndpoints : IDisposable
{
    private readonly IConfiguration _configuration;
    private readonly IDisposable _changes;
    private volatile ConcurrentDictionary<(string Scheme, string Host), Endpoints> _known = new();

    public ServiceEndpoints(IConfiguration configuration)
    {
        _configuration = configuration;
        _changes = ChangeToken.OnChange(configuration.GetReloadToken, () => _known = new());
    }

    /// <summary>The address to call for <paramref name="named"/>: path and query stay.</summary>
    public Uri Resolve(Uri named)
    {
        var endpoints = _known.GetOrAdd((named.Scheme, named.Host), key => Find(key.Scheme, key.Host));
        return endpoints.Next() is { } endpoint
            ? new UriBuilder(named) { Scheme = endpoint.Scheme, Host = endpoint.Host, Port = endpoint.Port }.Uri
            : WithPlainScheme(named);
    }

    public void Dispose() => _changes.Dispose();

    private Endpoints Find(string scheme, string host)
    {
        var schemes = scheme.Split('+');
        var (endpointName, service) = Split(host);
        string[] sections = endpointName is null ? [.. schemes, "default"] : [endpointName];

        foreach (var section in sections)
        {
            var found = _configuration.GetSection($"services:{service}:{section}").GetChildren()
                .Select(entry => Parse(entry.Value, schemes, section))
                .OfType<Uri>()
                .ToArray();
            if (found.Length > 0) return new Endpoints(found);
        }

        return new Endpoints([]);
    }

    private static (string? Endpoint, string Service) Split(string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return host.StartsWith('_') && dot > 1 ? (host[1..dot], host[(dot + 1)..]) : (null, host);
    }

    // An endpoint is a whole address ("http://localhost:5101") or only "host:port", which takes the scheme asked for.
    private static Uri? Parse(string? value, string[] schemes, string section)
    {
        if (string.IsNullOrWhiteSpace(value)) return null;
        if (value.Contains("://", StringComparison.Ordinal))
        {
            return Uri.TryCreate(value, UriKind.Absolute, out var whole) && schemes.Contains(whole.Scheme, StringComparer.OrdinalIgnoreCase)
                ? whole
                : null;
        }

        var scheme = schemes.Contains(section, StringComparer.OrdinalIgnoreCase) ? section : schemes[0];
        return Uri.TryCreate($"{scheme}://{value}", UriKind.Absolute, out var uri) ? uri : null;
    }

    private static Uri WithPlainScheme(Uri named)
    {
        var plus = named.Scheme.IndexOf('+', StringComparison.Ordinal);
        if (plus < 0) return named;
        var port = named.IsDefaultPort ? -1 : named.Port;
        return new UriBuilder(named) { Scheme = named.Scheme[..plus], Port = port }.Uri;
    }

    private sealed class Endpoints(Uri[] uris)
    {
        private uint _turn = uint.MaxValue;

        public Uri? Next() => uris.Length == 0 ? null : uris[Interlocked.Increment(ref _turn) % (uint)uris.Length];
    }
}
