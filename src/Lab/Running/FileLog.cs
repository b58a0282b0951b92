using Microsoft.Extensions.Logging;

namespace Lab.Running;

/// <summary>
/// Writes what the app host and its resources log to a file, a line each. Without a file it keeps nothing: the console
/// belongs to the report.
/// </summary>
internal sealed class FileLog(FileInfo file) : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _writer = file.CreateText();

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        lock (_lock) _writer.Dispose();
    }

    private void Write(string line)
    {
        lock (_lock) _writer.WriteLine(line);
    }

    private sealed class Category(FileLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            log.Write($"{name} | {formatter(state, exception)}");
            if (exception is not null) log.Write($"{name} | {exception}");
        }
    }
}
