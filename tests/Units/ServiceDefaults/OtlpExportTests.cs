using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Units.ServiceDefaults;

[Collection("Hosts with telemetry")]
public sealed partial class OtlpExportTests
{
    private const string Grpc = "/opentelemetry.proto.collector";

    private static readonly ActivitySource Messaging = new("Messaging.Units.OtlpExport");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf", "/v1/traces", "/v1/metrics", "/v1/logs")]
    [InlineData("grpc", $"{Grpc}.trace.v1.TraceService/Export", $"{Grpc}.metrics.v1.MetricsService/Export", $"{Grpc}.logs.v1.LogsService/Export")]
    public async Task Traces_metrics_and_logs_leave_when_the_service_stops(string protocol, string tracePath, string metricPath, string logPath)
    {
        var received = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await using var collector = await StartCollectorAsync(received, protocol == "grpc");
        await using (var app = await DefaultEndpointsTests.StartAsync(
            builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.First(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
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

        var traces = received[tracePath];
        traces.ShouldContain("POST /orders/{id}");
        traces.ShouldContain("publish OrderPlaced");
        traces.ShouldContain("http.response.status_code");
        traces.ShouldNotContain("GET /health");
        received[metricPath].ShouldContain("http.server.request.duration");
        received[logPath].ShouldContain("Took order 0815");
        received.Keys.ShouldBe([tracePath, metricPath, logPath], ignoreOrder: true);
        foreach (var signal in received.Values)
        {
            signal.ShouldContain("orders-under-test");
            signal.ShouldContain("abcdefgh");
        }
    }

    [LoggerMessage(LogLevel.Information, "Took order {OrderId}")]
    private static partial void LogTaken(ILogger logger, string orderId);

    // A plain receiver: protobuf keeps strings as UTF-8, so that what was sent can be searched for.
    private static async Task<WebApplication> StartCollectorAsync(ConcurrentDictionary<string, string> received, bool grpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("{**signal}", async (HttpRequest request, HttpResponse response) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
            var text = Encoding.UTF8.GetString(body.ToArray());
            received.AddOrUpdate(request.Path, text, (_, before) => before + text);
            if (grpc)
            {
                // An empty message without compression, and the status that ends a call well.
                response.ContentType = "application/grpc";
                response.AppendTrailer("grpc-status", "0");
                await response.Body.WriteAsync(new byte[5], request.HttpContext.RequestAborted);
            }
        });
        await app.StartAsync(Cancel);
        return app;
    }
}
