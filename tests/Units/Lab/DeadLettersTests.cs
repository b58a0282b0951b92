using System.CommandLine;
using System.Text.Json;
using Lab;
using Lab.DeadLetters;
using Messaging;
using Messaging.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Support;

namespace Units.Lab;

/// <summary>The verb against a service's own endpoints over PostgreSQL. What these do to the messages has its tests in Patterns.</summary>
public sealed class DeadLettersTests(Servers servers) : IAsyncLifetime
{
    private WebApplication _service = null!;
    private string _database = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await servers.NewDatabaseAsync("deadletters");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration["ConnectionStrings:db"] = _database;
        builder.Configuration["Transport"] = "in-memory";
        builder.Services.AddProblemDetails();
        builder.Services.AddMessaging(builder.Configuration, "thinking", messaging => messaging
            .Messages([new MessageDefinition("thought.v1", "thoughts", typeof(Thought), thought => ((Thought)thought).Key)])
            .AddTransport("in-memory", provider => new InMemoryTransport(new InMemoryBroker(), provider.GetRequiredService<TimeProvider>()))
            .UsePostgres<NoTables>("db"));
        _service = builder.Build();
        _service.UseStatusCodePages();
        _service.MapParkedMessages();
        await _service.StartAsync(Cancel);
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Messages_and_causes_are_listed_in_columns_a_line_each()
    {
        await ParkAsync(1, "a", "dead", "it broke\n\u001b[31m");
        await ParkAsync(2, "a", "parked", "waits");

        (await RunAsync("list")).ShouldBe((0, """
            ID  STATE   CONSUMER  TYPE        KEY  ATTEMPTS  PARKED                CAUSE
            1   dead    thinking  thought.v1  a    3         2026-01-01T00:00:00Z  it broke  [31m
            2   parked  thinking  thought.v1  a    3         2026-01-01T00:00:00Z  waits

            """));
        (await RunAsync("list --state parked --key a --limit 1")).Output.ShouldEndWith("waits\nThere may be more: --after 2\n");
        (await RunAsync("list --consumer nobody")).ShouldBe((0, "none\n"));
        (await RunAsync("list --consumer nobody --json")).ShouldBe((0, """{"messages":[],"next":null}""" + "\n"));
        (await RunAsync("causes")).Output.ShouldContain("1      dead    thinking  thought.v1  2026-01-01T00:00:00Z  2026-01-01T00:00:00Z  1      it broke");
    }

    [Fact]
    public async Task A_message_is_shown_with_its_attributes_its_history_and_its_body()
    {
        await ParkAsync(1, "a", "dead", "it broke");

        var (code, output) = await RunAsync("show 1");

        code.ShouldBe(ExitCodes.Kept);
        output.ShouldContain("dead at thinking after 3 attempts, version 1");
        output.ShouldContain("\n  source  /thinking");
        output.ShouldContain("history   2026-01-01 00:00:00Z failed: it broke");
        output.ShouldContain("\"depth\": 1");
        (await RunAsync("show 4711")).ShouldBe((ExitCodes.NotAllDone, "There is no such message, or no longer. 4711\n"));
    }

    [Fact]
    public async Task Redriving_tells_the_outcome_of_each_and_fails_when_some_could_not_be_done()
    {
        await ParkAsync(1, "a", "dead", "it broke");
        await ParkAsync(2, "b", "dead", "it broke");
        await ParkAsync(3, "c", "dead", "it broke");

        (await RunAsync("redrive --consumer thinking --cause", "it broke", "--up-to 2")).ShouldBe((0, "1: redriven\n2: redriven\nall in all: 2 redriven\n"));
        (await RunAsync("redrive --ids 3,1,4711")).ShouldBe((1, "1: waiting\n3: redriven\n4711: gone\nall in all: 1 waiting, 1 redriven, 1 gone\n"));
        (await RunAsync("redrive --consumer thinking --cause", "it broke")).ShouldBe((0, "no such messages\n"));
    }

    [Fact]
    public async Task Discarding_and_editing_do_what_they_say()
    {
        await ParkAsync(1, "a", "dead", "it broke");
        await ParkAsync(2, "b", "dead", "it broke");
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{"key":"b","depth":"deep"}""", Cancel);

        (await RunAsync("discard --ids 1")).ShouldBe((0, "1: discarded\nall in all: 1 discarded\n"));
        (await RunAsync("edit 2 --body", file)).Code.ShouldBe(ExitCodes.CouldNotRun);
        await File.WriteAllTextAsync(file, """{"key":"b","depth":2}""", Cancel);
        (await RunAsync("edit 2 --version-seen 7 --body", file)).Code.ShouldBe(ExitCodes.NotAllDone);
        (await RunAsync("edit 2 --version-seen 1 --body", file)).ShouldBe((0, "2: redriven\n"));
        (await RunAsync("edit 2 --body", file)).Code.ShouldBe(ExitCodes.NotAllDone);

        File.Delete(file);
    }

    [Fact]
    public async Task What_is_no_service_of_ours_is_told_so()
    {
        var somebodyElse = _service.Urls.First() + "/elsewhere";

        (await RunAsync(["deadletters", "list", "--url", somebodyElse])).Code.ShouldBe(ExitCodes.CouldNotRun);
        (await RunAsync(["deadletters", "list", "--url", "http://127.0.0.1:1"])).Code.ShouldBe(ExitCodes.CouldNotRun);
    }

    [Theory]
    [InlineData("list", "Option '--url' is required.")]
    [InlineData("list --url nowhere", "--url takes a URL such as http://localhost:5000, not 'nowhere'.")]
    [InlineData("list --url http://x --limit 501", "--limit takes a number from 1 to 500, not '501'.")]
    [InlineData("redrive --url http://x --ids 1,x", "--ids takes numbers with commas between, not '1,x'.")]
    [InlineData("redrive --url http://x", "redrive takes either --ids, or --consumer and --cause with --type and --up-to as you like.")]
    [InlineData("discard --url http://x --consumer c", "discard takes either --ids, or --consumer and --cause with --type and --up-to as you like.")]
    [InlineData("discard --url http://x --ids 1 --up-to 2", "discard takes either --ids, or --consumer and --cause with --type and --up-to as you like.")]
    [InlineData("show --url http://x abc", "The id is a number that 'list' prints, not 'abc'.")]
    [InlineData("edit 1 --url http://x --body /nowhere.json", "File does not exist: '/nowhere.json'.")]
    public void A_bad_option_is_refused_before_anything_is_asked(string arguments, string message) =>
        DeadLettersCommand.Create().Parse(arguments).Errors[^1].Message.ShouldBe(message);

    /// <summary>Runs the verb; each argument after the first is taken as it is when it holds a blank that belongs to it.</summary>
    private Task<(int Code, string Output)> RunAsync(string arguments, params string[] more) => RunAsync(
    [
        .. arguments.Split(' '), .. more.SelectMany(argument => argument.StartsWith("--", StringComparison.Ordinal) ? argument.Split(' ') : [argument]),
        "--url", _service.Urls.First(),
    ]);

    private static async Task<(int Code, string Output)> RunAsync(string[] arguments)
    {
        var output = new StringWriter();
        var code = await DeadLettersCommand.Create().Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = output, Error = output }, Cancel);
        return (code, output.ToString());
    }

    private async Task ParkAsync(int number, string key, string state, string cause)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand($$"""
            insert into messaging.parked_queues (consumer, queue) values ('thinking', 'key:{{key}}') on conflict do nothing;
            insert into messaging.parked
              (consumer, message_id, topic, type, key, queue, attributes, body, state, cause, cause_group, attempts, parked_at, history)
            values ('thinking', 'm{{number}}', 'thoughts', 'thought.v1', '{{key}}', 'key:{{key}}', '{"source": "/thinking"}',
              convert_to('{{JsonSerializer.Serialize(new Thought(key, number), MessageJson.Options)}}', 'UTF8'), '{{state}}', '{{cause}}', '{{cause}}', 3,
              '2026-01-01T00:00:00Z', '[{"at": "2026-01-01T00:00:00+00:00", "what": "failed", "cause": "it broke"}]')
            """, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private sealed record Thought(string Key, int Depth);

    private sealed class NoTables(DbContextOptions<NoTables> options) : DbContext(options);
}
