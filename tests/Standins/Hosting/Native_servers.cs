using System.Net.Sockets;
using Npgsql;
using Support;

namespace Standins.Tests.Hosting;

public class Native_servers(Servers servers)
{
    [Fact]
    public async Task Postgres_starts_and_gives_every_test_its_own_database()
    {
        await using var first = new NpgsqlConnection(await servers.NewDatabaseAsync("first"));
        await using var second = new NpgsqlConnection(await servers.NewDatabaseAsync("second"));
        await first.OpenAsync(TestContext.Current.CancellationToken);
        await second.OpenAsync(TestContext.Current.CancellationToken);

        first.Database.ShouldNotBe(second.Database);
        await using var query = new NpgsqlCommand("SHOW fsync", first);
        (await query.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe("on");
    }

    [Fact]
    public async Task Nats_starts_with_jetstream_and_wants_a_password()
    {
        var url = new Uri(await servers.NatsAsync());
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var info = await reader.ReadLineAsync(TestContext.Current.CancellationToken);

        info.ShouldNotBeNull().ShouldStartWith("INFO {");
        info.ShouldContain("\"jetstream\":true");
        info.ShouldContain("\"auth_required\":true");
        url.UserInfo.ShouldStartWith("nats:");
    }

    [Fact]
    public async Task Kafka_answers_at_its_bootstrap_servers()
    {
        var address = (await servers.KafkaAsync()).Split(':');
        using var client = new TcpClient();
        await client.ConnectAsync(address[0], int.Parse(address[1]), TestContext.Current.CancellationToken);
        client.Connected.ShouldBeTrue();
    }
}
