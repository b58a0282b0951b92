namespace Standins.Tests.Hosting;

/// <summary>What a consumer gets for each kind of resource, byte for byte; only ports and passwords differ between runs.</summary>
public class Connection_strings
{
    [Fact]
    public async Task Of_a_postgres_server() => (await EnvironmentAsync(b => b.AddPostgres("my-pg"))).ShouldBe("""
        ConnectionStrings__my-pg=Host=localhost;Port=<port>;Username=postgres;Password=<password>
        MY_PG_HOST=localhost
        MY_PG_JDBCCONNECTIONSTRING=jdbc:postgresql://localhost:<port>
        MY_PG_PASSWORD=<password>
        MY_PG_PORT=<port>
        MY_PG_URI=postgresql://postgres:<password>@localhost:<port>
        MY_PG_USERNAME=postgres
        """);

    [Fact]
    public async Task Of_a_postgres_database() => (await EnvironmentAsync(b => b.AddPostgres("pg").AddDatabase("orders-db", "orders"))).ShouldBe("""
        ConnectionStrings__orders-db=Host=localhost;Port=<port>;Username=postgres;Password=<password>;Database=orders
        ORDERS_DB_DATABASENAME=orders
        ORDERS_DB_HOST=localhost
        ORDERS_DB_JDBCCONNECTIONSTRING=jdbc:postgresql://localhost:<port>/orders
        ORDERS_DB_PASSWORD=<password>
        ORDERS_DB_PORT=<port>
        ORDERS_DB_URI=postgresql://postgres:<password>@localhost:<port>/orders
        ORDERS_DB_USERNAME=postgres
        """);

    [Fact]
    public async Task Of_a_nats_server() => (await EnvironmentAsync(b => b.AddNats("nats").WithJetStream())).ShouldBe("""
        ConnectionStrings__nats=nats://nats:<password>@localhost:<port>
        NATS_HOST=localhost
        NATS_PASSWORD=<password>
        NATS_PORT=<port>
        NATS_URI=nats://nats:<password>@localhost:<port>
        NATS_USERNAME=nats
        """);

    [Fact]
    public async Task Of_a_kafka_broker() => (await EnvironmentAsync(b => b.AddKafka("kafka"), keepHost: false)).ShouldBe("""
        ConnectionStrings__kafka=<host>:<port>
        KAFKA_HOST=<host>
        KAFKA_PORT=<port>
        """);

    [Fact]
    public async Task Of_a_server_known_by_its_connection_string_alone() => (await EnvironmentAsync(
        b => b.AddConnectionString("legacy"), "--ConnectionStrings:legacy=Some=text;Secret=s3cr{e}t")).ShouldBe("""
        ConnectionStrings__legacy=Some=text;Secret=s3cr{e}t
        """);

    [Fact]
    public async Task Under_another_name() => (await EnvironmentAsync(
        b => b.AddConnectionString("legacy"), reference: (to, from) => to.WithReference(from, "other-name"), args: "--ConnectionStrings:legacy=text")).ShouldBe("""
        ConnectionStrings__other-name=text
        """);

    private static Task<string> EnvironmentAsync(Func<IDistributedApplicationBuilder, IResourceBuilder<IResourceWithConnectionString>> add, params string[] args) =>
        EnvironmentAsync(add, keepHost: true, reference: null, args);

    /// <summary>What <c>env</c> prints that the test itself has not, in order.</summary>
    private static async Task<string> EnvironmentAsync(
        Func<IDistributedApplicationBuilder, IResourceBuilder<IResourceWithConnectionString>> add,
        bool keepHost = true,
        Action<IResourceBuilder<ExecutableResource>, IResourceBuilder<IResourceWithConnectionString>>? reference = null,
        params string[] args)
    {
        await using var application = await Running.StartAsync(
            b =>
            {
                var source = add(b);
                var consumer = b.AddExecutable("consumer", "env", ".");
                (reference ?? ((to, from) => to.WithReference(from)))(consumer, source);
                b.AddExecutable("end", "true", ".").WaitForCompletion(consumer);
            },
            args);
        using var limit = Running.NewLimit();
        var logs = (ResourceLoggerService)application.Services.GetService(typeof(ResourceLoggerService))!;
        var lines = new List<string>();
        await foreach (var batch in logs.WatchAsync("consumer", limit.Token))
        {
            lines.AddRange(batch.Select(l => l.Content[(l.Content.IndexOf(' ') + 1)..]));
            break;
        }

        var added = lines.Where(l => l.Contains('=') && !IsOurs(l)).Order(StringComparer.Ordinal).ToList();
        return string.Join('\n', added.Select(l => Normalise(l, added, keepHost)));
    }

    private static bool IsOurs(string line) =>
        line.StartsWith("PWD=", StringComparison.Ordinal) || Environment.GetEnvironmentVariable(line.Split('=')[0]) is not null;

    private static string Normalise(string line, List<string> all, bool keepHost)
    {
        foreach (var (part, mark) in new[] { ("_PASSWORD=", "<password>"), ("_PORT=", "<port>"), ("_HOST=", "<host>") })
        {
            var value = all.Where(l => l.Contains(part)).Select(l => l.Split('=')[1]).FirstOrDefault();
            if (value is not null && !(keepHost && mark == "<host>"))
                line = line.Replace(value, mark);
        }

        return line;
    }
}
