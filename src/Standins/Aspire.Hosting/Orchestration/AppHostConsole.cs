using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>The console of an app host: every line of a resource behind the resource's name, in a colour of its own on a terminal.</summary>
internal sealed partial class AppHostConsole() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "apphost";

    private static readonly bool Colours = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var resource = logEntry.Category.IndexOf(".Resources.", StringComparison.Ordinal) is var at && at >= 0
            ? logEntry.Category[(at + ".Resources.".Length)..]
            : null;
        var text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        if (resource is not null)
        {
            // "{line number}: {text}" is for other loggers; here the order is plain to see.
            text = text[(text.IndexOf(':', StringComparison.Ordinal) + 2)..];
            textWriter.Write(Paint(resource));
            // The services are told to colour their lines; a file is to have text.
            if (!Colours)
                text = Escapes().Replace(text, "");
        }

        textWriter.WriteLine(text);
        if (logEntry.Exception is not null)
            textWriter.WriteLine(logEntry.Exception.Message);
    }

    [GeneratedRegex(@"\e\[[0-9;]*m", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Escapes();

    private static string Paint(string resource)
    {
        var prefix = resource.PadRight(16) + " | ";
        return Colours ? $"\e[3{(resource.Sum(letter => letter) % 6) + 1}m{prefix}\e[0m" : prefix;
    }
}

internal static class AppHostConsoleLogging
{
    public static void AddAppHostConsole(this ILoggingBuilder logging)
    {
        logging.AddConsole(o => o.FormatterName = AppHostConsole.FormatterName);
        logging.AddConsoleFormatter<AppHostConsole, ConsoleFormatterOptions>();
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        logging.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
    }
}
