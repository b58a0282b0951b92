using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Messaging;
using Messaging.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Patterns;

/// <summary>A service whose parked messages an operator sees over HTTP, on a real port. Nothing else touches them, unless receivers are configured.</summary>
public sealed class OperatedService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TestDatabase _database;

    private OperatedService(WebApplication app, TestDatabase database)
    {
        (_app, _database) = (app, database);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Http { get; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<OperatedService> StartAsync(
        TestDatabase database, ITransport? transport = null, Action<MessagingBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(database);
        transport ??= new RecordingTransport();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration["ConnectionStrings:patterns-db"] = database.ConnectionString;
        builder.Configuration["Transport"] = transport.Name;
        builder.Services.AddProblemDetails();
        builder.Services.AddMessaging(builder.Configuration, "patterns", messaging =>
        {
            messaging.UsePostgres<TestDb>("patterns-db").AddTransport(transport.Name, _ => transport);
            if (configure is null)
                messaging.Messages([Counting.DefinitionOn(Messages.Topic)]);
            else
                configure(messaging);
        });
        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapParkedMessages();
        await app.StartAsync(Cancelled);
        return new OperatedService(app, database);
    }

    /// <summary>Sends messages of one key, numbered from one on.</summary>
    public async Task SendAsync(string key, int count)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<Outbox>();
        foreach (var number in Enumerable.Range(1, count))
            outbox.Add(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of(key, number))));
        await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(Cancelled);
    }

    /// <summary>A message aside; the first of its queue is dead unless it is said otherwise.</summary>
    /// <returns>Its id among the parked.</returns>
    public Task<long> ParkAsync(
        string? key, int number = 0, string state = "dead", string cause = "it broke", string consumer = "counting", string type = "patterns.counted.v1")
    {
        var message = Messages.New(key ?? "none", number);
        var queue = key is null || consumer == "outbox" ? $"id:{message.Id}" : $"key:{key}";
        var attributes = Messages.Incoming(message).Delivery.Attributes.ToDictionary();
        attributes["type"] = type;
        return _database.ReadAsync<long>($$"""
            with queued as (
              insert into messaging.parked_queues (consumer, queue, due)
              values ('{{consumer}}', '{{queue}}', {{(state == "dead" ? "null" : "now() + interval '1 hour'")}})
              on conflict do nothing)
            insert into messaging.parked
              (consumer, message_id, topic, partition, position, type, key, queue, attributes, body, state, cause, cause_group, detail, attempts, history)
            values ('{{consumer}}', '{{message.Id}}', '{{Messages.Topic}}', 0, {{number}}, '{{type}}', {{(key is null ? "null" : $"'{key}'")}},
              '{{queue}}', '{{JsonSerializer.Serialize(attributes)}}',
              convert_to('{"key":"{{key}}","number":{{number}}}', 'UTF8'), '{{state}}', '{{cause}}', '{{cause}}', 'at line 1', 3,
              '[{"at": "2026-01-01T00:00:00Z", "what": "failed", "cause": "{{cause}}"}]')
            returning parked_id
            """);
    }

    /// <summary>Many dead messages of one cause, each alone in its queue.</summary>
    public Task ParkManyAsync(int count, string cause, string consumer = "counting") => _database.ExecuteAsync($$"""
        with queued as (
          insert into messaging.parked_queues (consumer, queue) select '{{consumer}}', 'key:{{cause}} ' || n from generate_series(1, {{count}}) as n)
        insert into messaging.parked (consumer, message_id, topic, type, key, queue, attributes, body, state, cause, cause_group, attempts)
        select '{{consumer}}', '{{cause}} ' || n, '{{Messages.Topic}}', 'patterns.counted.v1', '{{cause}} ' || n, 'key:{{cause}} ' || n, '{}', '{}',
          'dead', '{{cause}}', '{{cause}}', 3
        from generate_series(1, {{count}}) as n order by n
        """);

    /// <summary>What the parked messages look like: <c>key/position state</c>, in their order.</summary>
    public Task<string[]> ParkedAsync() => _database.ReadAsync<string[]>(
        "select coalesce(array_agg(key || '/' || position || ' ' || state order by parked_id), '{}') from messaging.parked");

    /// <summary>The queues: their names and whether their first message is tried next.</summary>
    public Task<string[]> QueuesAsync() => _database.ReadAsync<string[]>("""
        select coalesce(array_agg(queue || case when due is null then ' held' when due <= clock_timestamp() then ' due' else ' later' end order by queue), '{}')
        from messaging.parked_queues
        """);

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative), Cancelled);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
    }

    public async Task<(int Status, JsonElement Body)> PostAsync(string path, object body)
    {
        using var response = await Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, Cancelled);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled));
    }

    /// <summary>Redrives or discards.</summary>
    /// <returns>The outcomes in the order of the ids.</returns>
    public async Task<string[]> OperateAsync(string operation, object selection)
    {
        var (status, report) = await PostAsync($"/messages/parked/{operation}", selection);
        status.ShouldBe(200, report.ToString());
        return [.. report.GetProperty("outcomes").EnumerateArray().Select(outcome => outcome.GetProperty("outcome").GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
