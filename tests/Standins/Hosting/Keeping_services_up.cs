using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public class Keeping_services_up
{
    private const int Kill = 9;

    [Fact]
    public async Task A_killed_service_is_started_again_at_the_same_address()
    {
        await using var application = await Running.StartAsync(b => b.AddSample("svc"));
        var url = application.GetEndpoint("svc");
        var first = await application.PidAsync("svc");

        var exited = application.WaitAsync("svc", s => s.State?.Text == KnownResourceStates.Exited);
        Processes.Kill(first, Kill);
        var crashed = await exited;
        await application.WaitAsync("svc", s => s.State?.Text == KnownResourceStates.Running && s.HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy);

        crashed.ExitCode.ShouldBe(128 + Kill);
        (await application.PidAsync("svc")).ShouldNotBe(first);
        application.GetEndpoint("svc").ShouldBe(url);
    }

    [Fact]
    public async Task A_killed_database_server_comes_back_with_its_data()
    {
        await using var application = await Running.StartAsync(b => b.AddPostgres("pg").AddDatabase("db"));
        var connectionString = (await application.GetConnectionStringAsync("db", TestContext.Current.CancellationToken))! + ";Pooling=false";
        await ExecuteAsync(connectionString, "CREATE TABLE kept AS SELECT 7 AS value");
        var postmaster = (int)(await ExecuteAsync(connectionString, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int"))!;

        var exited = application.WaitAsync("pg", s => s.State?.Text == KnownResourceStates.Exited);
        Processes.Kill(postmaster, Kill);
        await exited;
        await application.WaitAsync("pg", s => s.HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy);

        (await ExecuteAsync(connectionString, "SELECT value FROM kept")).ShouldBe(7);
    }

    [Fact]
    public async Task A_crash_is_reported_with_its_exit_code_and_the_last_20_lines()
    {
        var reports = new Reports();
        await using var application = await Running.StartAsync(b =>
        {
            b.Services.AddLogging(l => l.AddProvider(reports));
            b.AddSample("svc");
        });
        for (var line = 1; line <= 25; line++)
            await application.PostAsync("svc", $"/say?text=line-{line}.");

        // The client may send it again: the answer is cut off.
        var exited = application.WaitAsync("svc", s => s.State?.Text == KnownResourceStates.Exited);
        await Task.WhenAny(application.PostAsync("svc", "/exit?code=7"));
        await exited;
        await application.ResourceNotifications.WaitForResourceHealthyAsync("svc", TestContext.Current.CancellationToken);

        var report = reports.First(r => r.StartsWith("svc exited unexpectedly with code 7;", StringComparison.Ordinal));
        report.ShouldContain("line-25.");
        report.ShouldContain("line-6.");
        report.ShouldNotContain("line-5.");
    }

    [Fact]
    public async Task Without_restarts_a_crashed_service_stays_down()
    {
        await using var application = await Running.StartAsync(b => b.AddSample("svc"), "--RestartCrashed=false");

        Processes.Kill(await application.PidAsync("svc"), Kill);

        var end = await application.WaitAsync("svc", s => s.State?.Text == KnownResourceStates.Finished);
        end.ExitCode.ShouldBe(128 + Kill);
    }

    [Fact]
    public async Task A_service_can_be_stopped_started_and_restarted_by_command()
    {
        await using var application = await Running.StartAsync(b => b.AddSample("svc"));
        var url = application.GetEndpoint("svc");
        var first = await application.PidAsync("svc");

        (await application.CommandAsync("svc", "stop")).Success.ShouldBeTrue();
        Processes.IsAlive(first).ShouldBeFalse();
        application.Now("svc").State?.Text.ShouldBe(KnownResourceStates.Finished);

        (await application.CommandAsync("svc", "start")).Success.ShouldBeTrue();
        await application.ResourceNotifications.WaitForResourceHealthyAsync("svc", TestContext.Current.CancellationToken);
        var second = await application.PidAsync("svc");
        second.ShouldNotBe(first);

        (await application.CommandAsync("svc", "restart")).Success.ShouldBeTrue();
        await application.ResourceNotifications.WaitForResourceHealthyAsync("svc", TestContext.Current.CancellationToken);
        (await application.PidAsync("svc")).ShouldNotBe(second);
        application.GetEndpoint("svc").ShouldBe(url);

        (await application.CommandAsync("svc", "dance")).Success.ShouldBeFalse();
    }

    [Fact]
    public async Task A_start_that_fails_is_a_result_with_the_reason()
    {
        var program = Path.Combine(Path.GetTempPath(), $"program-{Guid.NewGuid():N}");
        File.CreateSymbolicLink(program, "/bin/sleep");
        await using var application = await Running.StartAsync(b => b.AddExecutable("program", program, ".", "1000"));
        (await application.CommandAsync("program", "stop")).Success.ShouldBeTrue();
        File.Delete(program);

        var result = await application.CommandAsync("program", "start");

        (result.Success, result.Message).ShouldBe((false, $"There is no program '{program}'."));
        application.Now("program").State?.Text.ShouldBe(KnownResourceStates.FailedToStart);
    }

    [Fact]
    public async Task Nothing_is_started_while_the_application_stops()
    {
        await using var application = await Running.StartAsync(
            b =>
            {
                var stubborn = b.AddExecutable("stubborn", "sh", ".", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done");
                b.AddExecutable("svc", "sleep", ".", "1000").WaitForStart(stubborn);
            },
            "--StopTimeout=00:00:03");
        var stopping = application.StopAsync(TestContext.Current.CancellationToken);
        await application.WaitAsync("svc", s => s.State?.Text == KnownResourceStates.Finished);

        (await application.CommandAsync("svc", "start")).Success.ShouldBeFalse();

        await stopping;
        application.Now("svc").State?.Text.ShouldBe(KnownResourceStates.Finished);
        (await application.CommandAsync("svc", "start")).Success.ShouldBeFalse();
    }

    [Fact]
    public async Task What_a_service_prints_can_be_watched_with_time_and_number()
    {
        await using var application = await Running.StartAsync(b => b.AddSample("svc"));
        await application.PostAsync("svc", "/say?text=hello");

        using var limit = Running.NewLimit();
        var logs = (ResourceLoggerService)application.Services.GetService(typeof(ResourceLoggerService))!;
        await foreach (var batch in logs.WatchAsync("svc", limit.Token))
        {
            if (batch.FirstOrDefault(l => l.Content.EndsWith(" hello", StringComparison.Ordinal)) is { LineNumber: > 0 } line)
            {
                line.Content.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z hello$");
                line.IsErrorMessage.ShouldBeFalse();
                break;
            }
        }
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>What the app host logs.</summary>
    private sealed class Reports : System.Collections.Concurrent.ConcurrentQueue<string>, ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
