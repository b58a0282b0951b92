using System.Collections.Concurrent;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Health;

/// <summary>
/// Answers a health request with the one word, and logs each check when its status changes: whoever polls needs the word,
/// whoever reads the log needs the cause, once.
/// </summary>
internal sealed partial class HealthAnswers(ILogger<HealthAnswers> logger)
{
    private readonly ConcurrentDictionary<string, HealthStatus> _known = new(StringComparer.Ordinal);

    public Task WriteAsync(HttpContext context, HealthReport report)
    {
        foreach (var (check, entry) in report.Entries) Note(check, entry);
        context.Response.ContentType = MediaTypeNames.Text.Plain;
        return context.Response.WriteAsync(report.Status.ToString(), context.RequestAborted);
    }

    private void Note(string check, HealthReportEntry entry)
    {
        var before = _known.TryGetValue(check, out var known) ? known : HealthStatus.Healthy;
        _known[check] = entry.Status;
        if (entry.Status == before) return;
        if (entry.Status is HealthStatus.Healthy) LogRecovered(check);
        else LogFailed(entry.Exception, check, entry.Status, entry.Description);
    }

    [LoggerMessage(LogLevel.Warning, "Health check {Check} is {Status}: {Cause}")]
    private partial void LogFailed(Exception? exception, string check, HealthStatus status, string? cause);

    [LoggerMessage(LogLevel.Information, "Health check {Check} is Healthy again")]
    private partial void LogRecovered(string check);
}
