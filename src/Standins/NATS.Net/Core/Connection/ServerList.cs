using System.Net;

namespace Standins.NATS.Client.Core;

/// <summary>One server, with the credentials its URL carried.</summary>
internal sealed record ServerAddress(string Host, int Port, NatsAuthOpts Auth, bool IsTls)
{
    /// <summary>The name its certificate must bear.</summary>
    public string TlsHost { get; init; } = Host;

    public override string ToString() => $"{(IsTls ? "tls" : "nats")}://{Host}:{Port}";
}

/// <summary>The servers to try: those configured, then those the cluster announced.</summary>
internal sealed class ServerList
{
    private const int DefaultPort = 4222;

    private readonly NatsOpts _opts;
    private readonly ServerAddress[] _seeds;
    private readonly NatsAuthOpts _auth;
    private volatile ServerAddress[] _announced = [];

    /// <summary>Throws <see cref="NatsException"/> when a URL cannot be read.</summary>
    public ServerList(NatsOpts opts)
    {
        _opts = opts;
        _seeds = [.. opts.Url.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(url => TryParse(url) ?? throw new NatsException($"'{Redacted(url)}' is not the URL of a NATS server"))];
        if (_seeds.Length == 0)
            throw new NatsException($"no server in URL '{opts.Url}'");

        // As with the official client the first URL's credentials hold for all that have none.
        _auth = _seeds[0].Auth;
        _seeds = [.. _seeds.Select(WithAuth)];
        if (!opts.NoRandomize)
            Random.Shared.Shuffle(_seeds);
    }

    public ServerAddress[] Seeds => _seeds;

    public IEnumerable<ServerAddress> All => _seeds.Concat(_announced);

    /// <summary>Takes over the <c>connect_urls</c> of INFO; what cannot be read is left out.</summary>
    public void Announced(string?[]? urls)
    {
        if (urls is null)
            return;

        _announced = [.. urls.Select(TryParse).OfType<ServerAddress>().Select(WithAuth).Select(LikeSeed)
            .Where(server => !Array.Exists(_seeds, seed => seed.Host == server.Host && seed.Port == server.Port))];
    }

    // A cluster announces addresses without scheme, often without name: both are those of the server it was reached by.
    private ServerAddress LikeSeed(ServerAddress server) =>
        server with { IsTls = _seeds[0].IsTls, TlsHost = IPAddress.TryParse(server.Host, out _) ? _seeds[0].TlsHost : server.Host };

    private ServerAddress WithAuth(ServerAddress server) => server.Auth.IsAnonymous ? server with { Auth = _auth } : server;

    private ServerAddress? TryParse(string? url)
    {
        var text = url?.Contains("://", StringComparison.Ordinal) == true ? url : "nats://" + url;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.Scheme is not ("nats" or "tls"))
            return null;

        // Credentials in the options win over those in the URL; without a colon the user part is a token.
        var auth = _opts.AuthOpts;
        if (auth.IsAnonymous && uri.UserInfo.Length > 0)
        {
            var parts = uri.UserInfo.Split(':', 2);
            auth = parts.Length == 2
                ? new NatsAuthOpts { Username = Uri.UnescapeDataString(parts[0]), Password = Uri.UnescapeDataString(parts[1]) }
                : new NatsAuthOpts { Token = Uri.UnescapeDataString(parts[0]) };
        }

        return new ServerAddress(uri.IdnHost.Trim('[', ']'), uri.IsDefaultPort || uri.Port < 0 ? DefaultPort : uri.Port, auth, uri.Scheme == "tls");
    }

    private static string Redacted(string url) => url.LastIndexOf('@') is var at and >= 0 ? "***" + url[at..] : url;
}
