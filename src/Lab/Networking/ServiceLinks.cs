using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace Lab.Networking;

/// <summary>What a link of a service leads to.</summary>
internal static class LinkEnds
{
    public const string Database = "database";
    public const string Broker = "broker";
}

/// <summary>The links between each service and its database and broker. All instances of a service share them.</summary>
internal sealed class ServiceLinks(TimeProvider clock) : IAsyncDisposable
{
    private const string Prefix = "ConnectionStrings__";
    private const string Loopback = "127.0.0.1";
    private const int NatsPort = 4222;

    private readonly ConcurrentDictionary<string, FaultyLink> _links = new(StringComparer.Ordinal);

    /// <summary>The links there are, by name: <c>orders-database</c>, <c>orders-broker</c>…</summary>
    public IReadOnlyList<FaultyLink> All => [.. _links.Values.OrderBy(link => link.Name, StringComparer.Ordinal)];

    /// <summary>A link of a service; null when there is none.</summary>
    public FaultyLink? Find(string service, string end) => _links.GetValueOrDefault($"{service}-{end}");

    /// <summary>Leads the connection strings among a service's environment variables over its links.</summary>
    /// <param name="service">The service.</param>
    /// <param name="variables">Its environment; a value is text, or knows its text when it is asked.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public async Task LeadAsync(string service, IDictionary<string, object> variables, CancellationToken cancellationToken)
    {
        foreach (var name in variables.Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToArray())
        {
            var text = variables[name] is IValueProvider provider ? await provider.GetValueAsync(cancellationToken) : variables[name].ToString();
            if (text is not null) variables[name] = Lead(service, name[Prefix.Length..], text);
        }
    }

    /// <summary>The connection string of a service's link to what another connection string names.</summary>
    public string Lead(string service, string resource, string connectionString) => resource switch
    {
        "nats" => LeadToNats(LinkOf(service, LinkEnds.Broker), connectionString),
        "kafka" => LeadToKafka(LinkOf(service, LinkEnds.Broker), connectionString),
        _ => LeadToPostgres(LinkOf(service, LinkEnds.Database), connectionString),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links.Values) await link.DisposeAsync();
    }

    private FaultyLink LinkOf(string service, string end) => _links.GetOrAdd($"{service}-{end}", name => new FaultyLink(name, clock));

    private static string LeadToPostgres(FaultyLink link, string connectionString)
    {
        var server = new NpgsqlConnectionStringBuilder(connectionString);
        (server.Port, server.Host) = (link.PortTo(server.Host ?? Loopback, server.Port), Loopback);
        return server.ConnectionString;
    }

    private static string LeadToNats(FaultyLink link, string connectionString)
    {
        var server = new Uri(connectionString);
        var port = link.PortTo(server.Host, server.Port > 0 ? server.Port : NatsPort);
        var user = server.UserInfo.Length > 0 ? server.UserInfo + '@' : "";
        return string.Create(CultureInfo.InvariantCulture, $"{server.Scheme}://{user}{Loopback}:{port}");
    }

    private static string LeadToKafka(FaultyLink link, string connectionString) => string.Join(',', connectionString.Split(',').Select(server =>
    {
        var address = new Uri("tcp://" + server.Trim());
        return string.Create(CultureInfo.InvariantCulture, $"{Loopback}:{KafkaPort(link, address.Host, address.Port)}");
    }));

    private static int KafkaPort(FaultyLink link, string host, int port) =>
        link.PortTo(host, port, () => new KafkaAddresses((other, otherPort) => KafkaPort(link, other, otherPort)));
}
