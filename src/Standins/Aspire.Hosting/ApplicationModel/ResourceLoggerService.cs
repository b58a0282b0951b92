using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A line a resource has written.</summary>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>
/// Keeps the newest lines of every resource and hands them on: to whoever watches, and to the logger category
/// <c>{AppName}.Resources.{resource}</c>, where a replica of several goes by its id. Thread safe.
/// </summary>
public sealed class ResourceLoggerService
{
    private readonly ConcurrentDictionary<string, ResourceLog> _logs = new(StringComparer.OrdinalIgnoreCase);
    private readonly Func<string, ILogger> _loggerOf;
    private readonly TimeProvider _time;

    internal ResourceLoggerService(Func<string, ILogger> loggerOf, TimeProvider time) => (_loggerOf, _time) = (loggerOf, time);

    /// <summary>The lines of all instances that are kept (the newest 1,000), then every new one; an endless stream of batches.</summary>
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

    internal ILogger LoggerOf(ResourceInstance instance) => _loggerOf(instance.Name);

    internal void Write(ResourceInstance instance, string text, bool isError) => Of(instance.Resource.Name).Add(instance.Name, text, isError);

    internal void WriteSystem(ResourceInstance instance, string text) => Write(instance, "[sys] " + text, isError: false);

    internal IReadOnlyList<string> Tail(ResourceInstance instance, int count) => Of(instance.Resource.Name).Tail(instance.Name, count);

    private ResourceLog Of(string resourceName) =>
        _logs.GetOrAdd(resourceName, static (_, self) => new ResourceLog(self._loggerOf, self._time), this);
}

internal sealed partial class ResourceLog(Func<string, ILogger> loggerOf, TimeProvider time)
{
    private const int Kept = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<(string Instance, LogLine Line, string Text)> _lines = new(Kept);
    private readonly Dictionary<string, (ILogger Logger, int Count)> _instances = [];
    private readonly List<Channel<LogLine>> _watchers = [];

    public void Add(string instance, string text, bool isError)
    {
        lock (_lock)
        {
            var (logger, count) = _instances.TryGetValue(instance, out var known) ? known : (loggerOf(instance), 0);
            _instances[instance] = (logger, ++count);
            var line = new LogLine(count, $"{time.GetUtcNow().UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffffK} {text}", isError);
            if (_lines.Count == Kept)
                _lines.Dequeue();
            _lines.Enqueue((instance, line, text));
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(line);
            LogText(logger, isError ? LogLevel.Error : LogLevel.Information, count, text);
        }
    }

    public IReadOnlyList<string> Tail(string instance, int count)
    {
        lock (_lock)
            return [.. _lines.Where(l => l.Instance == instance).TakeLast(count).Select(l => l.Text)];
    }

    public Channel<LogLine> Subscribe()
    {
        var channel = Channel.CreateUnbounded<LogLine>(new UnboundedChannelOptions { SingleReader = true });
        lock (_lock)
        {
            foreach (var (_, line, _) in _lines)
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
    private static partial void LogText(ILogger logger, LogLevel level, int lineNumber, string content);
}
