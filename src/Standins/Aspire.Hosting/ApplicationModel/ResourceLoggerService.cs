using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A line a resource has written.</summary>
/// <param name="LineNumber">Counts from 1.</param>
/// <param name="Content">The time of arrival in UTC (ISO 8601, seven decimals), a space, the text.</param>
/// <param name="IsErrorMessage">Whether it came on standard error.</param>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>
/// Keeps the newest lines of every resource and hands them on: to whoever watches, and to the logger category
/// <c>{AppName}.Resources.{resource}</c>. Thread safe.
/// </summary>
public sealed class ResourceLoggerService
{
    private readonly ConcurrentDictionary<string, ResourceLog> _logs = new(StringComparer.OrdinalIgnoreCase);
    private readonly Func<string, ILogger> _loggerOf;
    private readonly TimeProvider _time;

    internal ResourceLoggerService(Func<string, ILogger> loggerOf, TimeProvider time)
    {
        _loggerOf = loggerOf;
        _time = time;
    }

    /// <summary>The lines that are kept (the newest 1,000), then every new one.</summary>
    /// <param name="resourceName">The name of the resource.</param>
    /// <param name="cancellationToken">Ends the stream by an exception.</param>
    /// <returns>An endless stream of batches.</returns>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(
        string resourceName, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var log = Of(resourceName);
        var lines = log.Subscribe();
        try
        {
            while (await lines.Reader.WaitToReadAsync(cancellationToken))
            {
                var batch = new List<LogLine>();
                while (lines.Reader.TryRead(out var line))
                    batch.Add(line);
                yield return batch;
            }
        }
        finally
        {
            log.Unsubscribe(lines);
        }
    }

    internal void Write(string resourceName, string text, bool isError) => Of(resourceName).Add(text, isError);

    internal void WriteSystem(string resourceName, string text) => Of(resourceName).Add("[sys] " + text, isError: false);

    internal IReadOnlyList<string> Tail(string resourceName, int count) => Of(resourceName).Tail(count);

    private ResourceLog Of(string resourceName) =>
        _logs.GetOrAdd(resourceName, static (name, self) => new ResourceLog(self._loggerOf(name), self._time), this);
}

internal sealed partial class ResourceLog(ILogger logger, TimeProvider time)
{
    private const int Kept = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<(LogLine Line, string Text)> _lines = new(Kept);
    private readonly List<Channel<LogLine>> _watchers = [];
    private int _count;

    public void Add(string text, bool isError)
    {
        lock (_lock)
        {
            var line = new LogLine(++_count, $"{time.GetUtcNow().UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffffK} {text}", isError);
            if (_lines.Count == Kept)
                _lines.Dequeue();
            _lines.Enqueue((line, text));
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(line);
            LogText(isError ? LogLevel.Error : LogLevel.Information, line.LineNumber, text);
        }
    }

    public IReadOnlyList<string> Tail(int count)
    {
        lock (_lock)
            return [.. _lines.TakeLast(count).Select(l => l.Text)];
    }

    public Channel<LogLine> Subscribe()
    {
        var channel = Channel.CreateUnbounded<LogLine>(new UnboundedChannelOptions { SingleReader = true });
        lock (_lock)
        {
            foreach (var (line, _) in _lines)
                channel.Writer.TryWrite(line);
            _watchers.Add(channel);
        }

        return channel;
    }

    public void Unsubscribe(Channel<LogLine> channel)
    {
        lock (_lock)
            _watchers.Remove(channel);
    }

    [LoggerMessage(Message = "{LineNumber}: {Content}")]
    private partial void LogText(LogLevel level, int lineNumber, string content);
}
