using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using ServiceDefaults;

namespace Units.ServiceDefaults;

// Listeners to activities are shared by the whole process: an exporter in another test would hide a missing listener.
[Collection("Hosts with telemetry")]
public sealed class DefaultEndpointsTests
{
    private static readonly ActivitySource Messaging = new("Messaging.Units.DefaultEndpoints");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(HealthStatus.Healthy, HttpStatusCode.OK, "Healthy")]
    [InlineData(HealthStatus.Degraded, HttpStatusCode.OK, "Degraded")]
    [InlineData(HealthStatus.Unhealthy, HttpStatusCode.ServiceUnavailable, "Unhealthy")]
    public async Task Health_tells_of_every_check_and_alive_only_of_the_live_ones(HealthStatus status, HttpStatusCode code, string text)
    {
        await using var app = await StartAsync(builder =>
            builder.Services.AddHealthChecks().AddCheck("broker", () => new HealthCheckResult(status)));
        using var client = Client(app);

        using var health = await client.GetAsync("/health", Cancel);
        health.StatusCode.ShouldBe(code);
        health.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        (await health.Content.ReadAsStringAsync(Cancel)).ShouldBe(text);

        using var alive = await client.GetAsync("/alive", Cancel);
        alive.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await alive.Content.ReadAsStringAsync(Cancel)).ShouldBe("Healthy");
    }

    [Fact]
    public async Task A_check_is_logged_when_its_status_changes_and_not_at_every_poll()
    {
        var status = HealthStatus.Unhealthy;
        using var log = new Lines();
        await using var app = await StartAsync(builder =>
        {
            builder.Logging.AddProvider(log);
            builder.Services.AddHealthChecks().AddCheck("broker", () => new HealthCheckResult(status, "no route"));
        });
        using var client = Client(app);

        for (var poll = 0; poll < 3; poll++) (await client.GetAsync("/health", Cancel)).Dispose();
        status = HealthStatus.Healthy;
        for (var poll = 0; poll < 3; poll++) (await client.GetAsync("/health", Cancel)).Dispose();

        log.Where(line => line.Contains("broker", StringComparison.Ordinal)).ShouldBe([
            "Warning Health check broker is Unhealthy: no route", "Information Health check broker is Healthy again"]);
    }

    [Fact]
    public async Task Metrics_tell_of_requests_but_not_of_polls()
    {
        await using var app = await StartAsync(map: app => app.MapGet("/orders/{id}", (string id) => id));
        using var client = Client(app);
        await client.GetStringAsync("/orders/7", Cancel);
        await client.GetStringAsync("/health", Cancel);
        await client.GetStringAsync("/alive", Cancel);

        // The server counts a request after its answer has left.
        var lines = await MetricsAsync(client, until: text => text.Contains("/orders/{id}", StringComparison.Ordinal));

        lines.ShouldContain("# TYPE http_server_request_duration_seconds histogram");
        lines.ShouldContain(line => line.StartsWith("http_server_request_duration_seconds_count{", StringComparison.Ordinal)
            && line.Contains("http_route=\"/orders/{id}\"", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal));
        lines.ShouldContain(line => line.StartsWith("dotnet_", StringComparison.Ordinal));
        lines.ShouldNotContain(line => line.Contains("/health", StringComparison.Ordinal) || line.Contains("/alive", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_an_exporter_the_trace_context_still_reaches_our_own_activities()
    {
        await using var app = await StartAsync(map: app => app.MapGet("/trace", () =>
        {
            using var publish = Messaging.StartActivity("publish", ActivityKind.Producer);
            return publish?.Id ?? "none";
        }));
        using var client = Client(app);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/trace");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var response = await client.SendAsync(request, Cancel);

        (await response.Content.ReadAsStringAsync(Cancel)).ShouldStartWith("00-0af7651916cd43dd8448eb211c80319c-");
    }

    [Fact]
    public async Task A_client_of_the_factory_calls_a_service_by_name()
    {
        await using var called = await StartAsync(map: app => app.MapGet("/hello", () => "from the provider"));
        await using var caller = await StartAsync(builder => builder.Configuration.AddInMemoryCollection(
            [KeyValuePair.Create<string, string?>("services:payment-provider:http:0", called.Urls.First())]));
        using var client = caller.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = new Uri("https+http://payment-provider");

        (await client.GetStringAsync("/hello", Cancel)).ShouldBe("from the provider");
        (await client.GetStringAsync("/hello", Cancel)).ShouldBe("from the provider");
    }

    internal static async Task<WebApplication> StartAsync(
        Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        configure?.Invoke(builder);
        builder.AddServiceDefaults();
        builder.Logging.AddFilter<ConsoleLoggerProvider>(category: null, LogLevel.None);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        map?.Invoke(app);
        await app.StartAsync(Cancel);
        return app;
    }

    internal static HttpClient Client(WebApplication app) => new() { BaseAddress = new Uri(app.Urls.First()) };

    private static async Task<string[]> MetricsAsync(HttpClient client, Func<string, bool> until)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        while (true)
        {
            using var response = await client.GetAsync("/metrics", deadline.Token);
            response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
            var text = await response.Content.ReadAsStringAsync(deadline.Token);
            if (until(text)) return text.Split('\n');
            await Task.Delay(10, deadline.Token);
        }
    }

    private sealed class Lines : ConcurrentQueue<string>, ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Enqueue($"{logLevel} {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
