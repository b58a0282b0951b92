using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Units.ServiceDefaults;

[Collection("Hosts with telemetry")]
public sealed partial class OtlpExportTests
{
    private static readonly ActivitySource Messaging = new("Messaging.Units.OtlpExport");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traces_metrics_and_logs_leave_over_http_when_the_service_stops()
    {
        var received = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await using var collector = await StartCollectorAsync(received);
        await using (var app = await DefaultEndpointsTests.StartAsync(
            builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.First(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_SERVICE_NAME"] = "orders-under-test",
                ["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=abcdefgh",
            }),
            app => app.MapPost("/orders/{id}", (string id, ILogger<OtlpExportTests> logger) =>
            {
                using var publish = Messaging.StartActivity("publish OrderPlaced", ActivityKind.Producer);
                LogTaken(logger, id);
                return Results.Accepted();
            })))
        {
            using var client = DefaultEndpointsTests.Client(app);
            (await client.PostAsync("/orders/0815", content: null, Cancel)).EnsureSuccessStatusCode();
            (await client.GetAsync("/health", Cancel)).EnsureSuccessStatusCode();
            await app.StopAsync(Cancel);
        }

        var traces = received["/v1/traces"];
        traces.ShouldContain("POST /orders/{id}");
        traces.ShouldContain("publish OrderPlaced");
        traces.ShouldContain("http.response.status_code");
        traces.ShouldNotContain("GET /health");
        received["/v1/metrics"].ShouldContain("http.server.request.duration");
        received["/v1/logs"].ShouldContain("Took order 0815");
        received.Keys.ShouldBe(["/v1/logs", "/v1/metrics", "/v1/traces"], ignoreOrder: true);
        foreach (var signal in received.Values)
        {
            signal.ShouldContain("orders-under-test");
            signal.ShouldContain("abcdefgh");
        }
    }

    [LoggerMessage(LogLevel.Information, "Took order {OrderId}")]
    private static partial void LogTaken(ILogger logger, string orderId);

    // A plain receiver: protobuf keeps strings as UTF-8, so that what was sent can be searched for.
    private static async Task<WebApplication> StartCollectorAsync(ConcurrentDictionary<string, string> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/v1/{signal}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
            var text = Encoding.UTF8.GetString(body.ToArray());
            received.AddOrUpdate(request.Path, text, (_, before) => before + text);
        });
        await app.StartAsync(Cancel);
        return app;
    }
}
