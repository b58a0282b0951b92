using Messaging.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Support;

namespace Patterns;

public sealed class SchemaTests(Servers servers)
{
    /// <summary>Those of messaging and those of the service.</summary>
    private static int Scripts => new[] { typeof(PostgresMessaging).Assembly, typeof(TestDb).Assembly }
        .Sum(assembly => assembly.GetManifestResourceNames().Count(name => name.EndsWith(".sql", StringComparison.Ordinal)));

    [Fact]
    public async Task Scripts_are_applied_once_however_often_the_service_starts()
    {
        await using var database = await TestDatabase.CreateAsync(servers);

        await using (await TestService.StartAsync(database, new RecordingTransport()))
        {
        }

        var applied = await database.ReadAsync<DateTime>("select max(applied_at) from messaging.schema_versions");
        await using var again = await TestService.StartAsync(database, new RecordingTransport());

        (await database.CountAsync("messaging.schema_versions")).ShouldBe(Scripts);
        (await database.ReadAsync<DateTime>("select max(applied_at) from messaging.schema_versions")).ShouldBe(applied);
        again.Logs.Of("SchemaUpgrade", Microsoft.Extensions.Logging.LogLevel.Information).ShouldBeEmpty();
    }

    [Fact]
    public async Task Instances_that_start_together_take_turns()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var instances = Enumerable.Range(0, 4).Select(_ => TestService.Prepare(database.ConnectionString, new RecordingTransport())).ToArray();

        await Task.WhenAll(instances.Select(instance => instance.StartAsync()));

        (await database.CountAsync("messaging.schema_versions")).ShouldBe(Scripts);
        foreach (var instance in instances)
            await instance.DisposeAsync();
    }

    [Fact]
    public async Task A_script_that_was_changed_after_it_was_applied_is_refused_by_name()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using (await TestService.StartAsync(database, new RecordingTransport()))
        {
        }

        await database.ExecuteAsync("update messaging.schema_versions set checksum = 'of another text' where name like '%001_patterns.sql'");
        var service = TestService.Prepare(database.ConnectionString, new RecordingTransport());

        var refusal = await Should.ThrowAsync<SchemaException>(service.StartAsync);

        refusal.Message.ShouldContain("001_patterns.sql");
        refusal.Message.ShouldContain("was changed");
        await service.DisposeAsync();
    }

    [Fact]
    public async Task A_script_that_fails_is_named_and_leaves_nothing_behind()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await database.ExecuteAsync("create table journeys (id int)"); // the service's script makes things, then stumbles over this

        var service = TestService.Prepare(database.ConnectionString, new RecordingTransport());
        var failure = await Should.ThrowAsync<SchemaException>(service.StartAsync);

        failure.Message.ShouldContain("001_patterns.sql");
        failure.Message.ShouldContain("journeys");
        (await database.CountAsync("messaging.schema_versions where name like '%001_patterns.sql'")).ShouldBe(0);
        (await database.CountAsync("pg_tables where tablename = 'things'")).ShouldBe(0);
        await service.DisposeAsync();
    }

    [Fact]
    public async Task The_service_waits_for_a_database_that_is_not_there_yet_and_starts_nothing_before()
    {
        await using var database = await TestDatabase.AnnounceAsync(servers);
        await using var service = TestService.Prepare(database.ConnectionString, new RecordingTransport());

        var start = service.StartAsync();
        await Eventually.BecomesTrueAsync(
            () => service.Logs.Of("SchemaUpgrade", Microsoft.Extensions.Logging.LogLevel.Information).Count > 0, "it says that it waits");
        start.IsCompleted.ShouldBeFalse();
        service.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.IsCancellationRequested.ShouldBeFalse();
        await database.CreateNowAsync();
        await start;

        (await database.CountAsync("messaging.schema_versions")).ShouldBe(Scripts);
        service.Logs.Of("OutboxRelay", Microsoft.Extensions.Logging.LogLevel.Warning).ShouldBeEmpty();
    }

    [Fact]
    public void A_missing_connection_string_is_named()
    {
        var failure = Should.Throw<InvalidOperationException>(() => TestService.Prepare("", new RecordingTransport()));

        failure.Message.ShouldContain("patterns-db");
    }
}
