using System.Data.Common;

namespace Standins.Aspire.Hosting.Health;

/// <summary>Host and port of the first server a connection string names, whatever its dialect.</summary>
internal readonly record struct ServerAddress(string Host, int Port)
{
    /// <summary>Understands <c>scheme://user:password@host:port,…</c>, <c>host:port,…</c> and <c>Host=…;Port=…</c>.</summary>
    public static ServerAddress? TryParse(string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return null;
        if (connectionString.Contains('=', StringComparison.Ordinal) && !connectionString.Contains("://", StringComparison.Ordinal))
            return TryParsePairs(connectionString);

        var first = connectionString.Split(',')[0].Trim();
        return Uri.TryCreate(first.Contains("://", StringComparison.Ordinal) ? first : "tcp://" + first, UriKind.Absolute, out var uri)
            && uri.Host.Length > 0
            && (uri.Port > 0 || uri.Scheme == "nats")
                ? new ServerAddress(uri.Host, uri.Port > 0 ? uri.Port : 4222)
                : null;
    }

    /// <summary>Why nothing listens there; null when something does.</summary>
    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(Host, Port, cancellationToken);
            return null;
        }
        catch (SocketException failure)
        {
            return $"{Host}:{Port}: {failure.Message}";
        }
    }

    private static ServerAddress? TryParsePairs(string connectionString)
    {
        try
        {
            var pairs = new DbConnectionStringBuilder { ConnectionString = connectionString };
            var host = pairs.TryGetValue("Host", out var found) || pairs.TryGetValue("Server", out found) ? (string)found : null;
            var port = pairs.TryGetValue("Port", out var text) && int.TryParse((string)text, CultureInfo.InvariantCulture, out var number) ? number : 5432;
            return host is null ? null : new ServerAddress(host.Split(',')[0], port);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
