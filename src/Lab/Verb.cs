using System.CommandLine;
using Lab.Running;
using Spectre.Console;

namespace Lab;

/// <summary>What the lab's verbs have in common: checked options, a console, an exit code, one line for whatever fails.</summary>
internal static class Verb
{
    /// <summary>The transports there are.</summary>
    public static IReadOnlyList<string> Transports { get; } = ["jetstream", "kafka"];

    /// <summary>The option that takes a transport.</summary>
    public static Option<string?> Transport(string description)
    {
        var option = new Option<string?>("--transport") { Description = description, HelpName = string.Join('|', Transports) };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Transports.Contains(token.Value, StringComparer.Ordinal))
                result.AddError($"--transport takes {string.Join(" or ", Transports)}, not '{token.Value}'.");
        });
        return option;
    }

    /// <summary>The option that takes a coordination.</summary>
    public static Option<string?> Coordination()
    {
        var option = new Option<string?>("--coordination")
        {
            Description = $"Who decides what comes next: a saga, or the services by each other's events. {Coordinations.Orchestration} by default.",
            HelpName = string.Join('|', Coordinations.All),
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Coordinations.All.Contains(token.Value, StringComparer.Ordinal))
                result.AddError($"--coordination takes {string.Join(" or ", Coordinations.All)}, not '{token.Value}'.");
        });
        return option;
    }

    /// <summary>An option that takes a number from 1 to <paramref name="most"/>.</summary>
    public static Option<int> Number(string name, string description, int standard, int most)
    {
        var option = new Option<int>(name) { Description = $"{description}, 1 to {most:N0}.", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var number) && number >= 1 && number <= most))
                result.AddError($"{name} takes a number from 1 to {most:N0}, not '{token.Value}'.");
        });
        return option;
    }

    /// <summary>An option that takes a file to write.</summary>
    public static Option<FileInfo?> OutputFile(string name, string description)
    {
        var option = new Option<FileInfo?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !IsFileName(token.Value))
                result.AddError($"{name} takes a file in a directory that exists, not '{token.Value}'.");
        });
        return option;
    }

    /// <summary>Runs a verb and turns its end into an exit code.</summary>
    /// <param name="output">The file to write, opened first: one that cannot be written is no reason to find out after the run.</param>
    /// <param name="run">Gets the console and the open file.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl+C.</param>
    public static Task<int> RunAsync(FileInfo? output, Func<IAnsiConsole, Stream?, Task<int>> run, CancellationToken cancellationToken) =>
        RunAsync(output, second: null, (console, file, _) => run(console, file), cancellationToken);

    /// <summary>Runs a verb that may write two files.</summary>
    public static async Task<int> RunAsync(
        FileInfo? first, FileInfo? second, Func<IAnsiConsole, Stream?, Stream?, Task<int>> run, CancellationToken cancellationToken)
    {
        var console = Console.IsOutputRedirected ? PlainConsole() : AnsiConsole.Console;
        try
        {
            await using var file = first?.Create();
            await using var other = second?.Create();
            return await run(console, file, other);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested) // Whatever was under way then fails in its own way.
        {
            await Console.Error.WriteLineAsync("Interrupted; everything has been stopped.");
            return ExitCodes.Interrupted;
        }
        catch (Exception failure)
        {
            // What is foreseen is one line; for anything else the stack is what helps. Neither is a broken promise.
            var foreseen = failure is LabException or IOException or UnauthorizedAccessException or Npgsql.NpgsqlException or NatsException;
            await Console.Error.WriteLineAsync(foreseen ? failure.Message.ReplaceLineEndings(" ") : failure.ToString());
            return ExitCodes.CouldNotRun;
        }
    }

    // No colours and no wrapping in a file or a pipe.
    private static IAnsiConsole PlainConsole()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
        console.Profile.Width = 160;
        return console;
    }

    private static bool IsFileName(string path) =>
        path.Length > 0 && !Directory.Exists(path) && Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)));
}
