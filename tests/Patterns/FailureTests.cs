using System.Net.Sockets;
using MassTransit;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Support;

namespace Patterns;

public sealed class FailureTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_that_change_one_row_have_raced()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await service.DoAsync((db, _) => db.Journeys.Add(new Journey { CorrelationId = Guid.NewGuid() }));
        await using var first = service.CreateScope();
        await using var second = service.CreateScope();

        (await JourneyOf(first)).Steps++;
        (await JourneyOf(second)).Steps++;
        await CommitAsync(first);
        var exception = await Should.ThrowAsync<Exception>(() => CommitAsync(second));

        Classify(service, exception).ShouldBe(FailureKind.Concurrency);

        static Task<Journey> JourneyOf(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<TestDb>().Journeys.SingleAsync(Cancelled);
    }

    [Fact]
    public async Task Two_first_messages_of_one_saga_have_raced()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var id = Guid.NewGuid();
        await service.DoAsync((db, _) => db.Journeys.Add(new Journey { CorrelationId = id }));

        var exception = await Should.ThrowAsync<Exception>(() => service.DoAsync((db, _) =>
        {
            db.Things.Add(new Thing { Id = "bystander" });
            db.Journeys.Add(new Journey { CorrelationId = id });
        }));

        Classify(service, exception).ShouldBe(FailureKind.Concurrency);
    }

    [Fact]
    public async Task A_row_of_the_business_that_exists_already_is_the_handlers_own_affair()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await service.DoAsync((db, _) => db.Things.Add(new Thing { Id = "one" }));

        var exception = await Should.ThrowAsync<Exception>(() => service.DoAsync((db, _) => db.Things.Add(new Thing { Id = "one" })));

        Classify(service, exception).ShouldBeNull();
    }

    [Fact]
    public async Task A_killed_session_and_a_server_that_is_not_there_are_outages()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancelled);
        var pid = await db.Database.SqlQuery<int>($"select pg_backend_pid() as \"Value\"").SingleAsync(Cancelled);

        await database.ExecuteAsync($"select pg_terminate_backend({pid})");
        var killed = await Should.ThrowAsync<Exception>(() => db.Things.ToListAsync(Cancelled));
        Classify(service, killed).ShouldBe(FailureKind.Dependency);

        using var nobody = new TcpListener(System.Net.IPAddress.Loopback, 0);
        nobody.Start();
        var port = ((System.Net.IPEndPoint)nobody.LocalEndpoint).Port;
        nobody.Stop();
        await using var absent = new NpgsqlConnection($"Host=127.0.0.1;Port={port};Username=nobody;Database=none");
        var refused = await Should.ThrowAsync<Exception>(() => absent.OpenAsync(Cancelled));
        Classify(service, refused).ShouldBe(FailureKind.Dependency);
    }

    [Fact]
    public async Task A_transaction_that_idled_too_long_is_no_outage()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancelled);
        var pid = await db.Database.SqlQuery<int>($"select pg_backend_pid() as \"Value\"").SingleAsync(Cancelled);
        await db.Database.ExecuteSqlAsync($"set local idle_in_transaction_session_timeout = 50", Cancelled);
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync($"pg_stat_activity where pid = {pid}") == 0, "the session is ended");

        var exception = await Should.ThrowAsync<Exception>(() => transaction.CommitAsync(Cancelled));

        Classify(service, exception).ShouldNotBe(FailureKind.Dependency, exception.ToString());
    }

    [Theory]
    [InlineData(PostgresErrorCodes.SerializationFailure, FailureKind.Concurrency)]
    [InlineData(PostgresErrorCodes.DeadlockDetected, FailureKind.Concurrency)]
    [InlineData(PostgresErrorCodes.LockNotAvailable, FailureKind.Concurrency)]
    [InlineData(PostgresErrorCodes.TooManyConnections, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.DiskFull, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.AdminShutdown, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.CrashShutdown, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.CannotConnectNow, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.ConnectionFailure, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.InvalidPassword, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.ReadOnlySqlTransaction, FailureKind.Dependency)]
    [InlineData(PostgresErrorCodes.UniqueViolation, null)]
    [InlineData(PostgresErrorCodes.CheckViolation, null)]
    [InlineData(PostgresErrorCodes.UndefinedTable, null)]
    [InlineData(PostgresErrorCodes.InvalidTextRepresentation, null)]
    public async Task What_the_server_says_is_understood_however_deep_it_is_wrapped(string state, FailureKind? kind)
    {
        await using var service = TestService.Prepare("Host=nowhere", new RecordingTransport());
        var said = new PostgresException("said the server", "ERROR", "ERROR", state);

        Classify(service, said).ShouldBe(kind);
        Classify(service, new MassTransitException("wrapped", new DbUpdateException("wrapped", said))).ShouldBe(kind);
        Classify(service, new AggregateException(new FormatException("first"), new InvalidOperationException("wrapped", said))).ShouldBe(kind);
    }

    [Fact]
    public async Task What_others_throw_is_not_for_the_database_to_judge()
    {
        await using var service = TestService.Prepare("Host=nowhere", new RecordingTransport());

        Classify(service, new HttpRequestException("bank", new SocketException(111))).ShouldBeNull();
        Classify(service, new TimeoutException()).ShouldBeNull();
        Classify(service, new InvalidOperationException()).ShouldBeNull();
    }

    private static FailureKind? Classify(TestService service, Exception exception) =>
        service.Services.GetServices<IFailureClassifier>().Select(classifier => classifier.Classify(exception)).FirstOrDefault(kind => kind is not null);

    private static Task CommitAsync(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(Cancelled);
}
