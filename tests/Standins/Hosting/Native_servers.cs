using System.Net.Sockets;
using Npgsql;
using Standins.Tests.Hosting.Sample;
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
    public async Task Postgres_takes_arguments()
    {
        await using var application = await Running.StartAsync(b => b.AddPostgres("pg").WithArgs("-c", "work_mem=7MB"));
        await application.ResourceNotifications.WaitForResourceHealthyAsync("pg", TestContext.Current.CancellationToken);

        await using var connection = new NpgsqlConnection(await application.GetConnectionStringAsync("pg", TestContext.Current.CancellationToken));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var query = new NpgsqlCommand("SHOW work_mem", connection);
        (await query.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe("7MB");
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
    public async Task A_server_named_in_configuration_is_the_same_resource_and_is_left_running()
    {
        var external = await servers.PostgresAsync();
        await using (var application = await Running.StartAsync(
            b =>
            {
                var database = b.AddPostgres("pg").AddDatabase("db", "made_in_external");
                b.AddSample("svc").WithReference(database).WaitFor(database);
            },
            $"--ConnectionStrings:pg={external}"))
        {
            var given = new NpgsqlConnectionStringBuilder((await application.EnvironmentAsync("svc"))["ConnectionStrings__db"]);
            given.Database.ShouldBe("made_in_external");
            given.Port.ShouldBe(new NpgsqlConnectionStringBuilder(external).Port);
        }

        await using var still = new NpgsqlConnection(external + ";Database=made_in_external");
        await still.OpenAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_cluster_in_memory_is_not_started_again()
    {
        await using var application = await Running.StartAsync(b => b.AddKafka("kafka"));

        var result = await application.ResourceCommands.ExecuteCommandAsync("kafka", "start", TestContext.Current.CancellationToken);

        result.Success.ShouldBeFalse();
        result.Message.ShouldNotBeNull().ShouldContain("in memory");
    }

    [Fact]
    public async Task Kafka_in_memory_goes_on_after_it_stood_still()
    {
        const int Stop = 19, Continue = 18; // SIGSTOP and SIGCONT of Linux.
        if (!OperatingSystem.IsLinux())
            Assert.Skip("The signals have other numbers elsewhere.");
        await using var application = await Running.StartAsync(b => b.AddKafka("kafka"));
        await application.ResourceNotifications.WaitForResourceHealthyAsync("kafka", TestContext.Current.CancellationToken);
        var address = await application.GetConnectionStringAsync("kafka", TestContext.Current.CancellationToken);

        for (var i = 0; i < 300; i++)
        {
            Processes.Kill(application.Now("kafka").Pid(), Stop);
            Processes.Kill(application.Now("kafka").Pid(), Continue);
        }

        // Its thread answers: that the port takes connections would say nothing, the system does that.
        (await KafkaAnswersAsync(address!.Split(',')[0].Split(':'))).ShouldBeTrue();
    }

    // ApiVersions, version 0: size, key 18, version, correlation id, no client id.
    private static async Task<bool> KafkaAnswersAsync(string[] address)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        using var client = new TcpClient();
        await client.ConnectAsync(address[0], int.Parse(address[1]), limit.Token);
        await client.GetStream().WriteAsync(new byte[] { 0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF }, limit.Token);
        return await client.GetStream().ReadAsync(new byte[4], limit.Token) > 0;
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
