using System.CommandLine;
using System.Security.Cryptography;
using Spectre.Console;

namespace Lab.Demo;

/// <summary>The verb <c>demo</c>: its options, its exit code, its one line for whatever fails.</summary>
internal static class DemoCommand
{
    private const int MostOrders = 100_000;

    private static readonly string[] Transports = ["jetstream", "kafka"];

    private static readonly Option<string> Transport = new("--transport")
    {
        Description = "The broker the services talk through.",
        HelpName = string.Join('|', Transports),
        DefaultValueFactory = _ => Transports[0],
    };

    private static readonly Option<int> Orders =
        new("--orders") { Description = $"How many orders to place, 1 to {MostOrders:N0}.", DefaultValueFactory = _ => 200 };

    private static readonly Option<int?> Seed =
        new("--seed") { Description = "Repeats a run: same seed, same orders. Another one each time by default." };

    private static readonly Option<FileInfo?> Json = new("--json") { Description = "Writes the report as JSON to this file, too." };

    private static readonly Option<FileInfo?> Log = new("--log") { Description = "Writes what the services log to this file." };

    public static Command Create()
    {
        Transport.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Transports.Contains(token.Value, StringComparer.Ordinal))
                result.AddError($"--transport takes {string.Join(" or ", Transports)}, not '{token.Value}'.");
        });
        Orders.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var orders) && orders is >= 1 and <= MostOrders))
                result.AddError($"--orders takes a number from 1 to {MostOrders:N0}, not '{token.Value}'.");
        });
        Seed.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !int.TryParse(token.Value, out _)) result.AddError($"--seed takes a whole number, not '{token.Value}'.");
        });
        foreach (var file in (Option[])[Json, Log])
        {
            file.Validators.Add(result =>
            {
                if (result.Tokens is [var token] && !IsFileName(token.Value))
                    result.AddError($"{file.Name} takes a file in a directory that exists, not '{token.Value}'.");
            });
        }

        var command = new Command("demo", "Starts the whole system, places orders through its API and checks the five invariants.")
        {
            Transport, Orders, Seed, Json, Log,
        };
        command.SetAction((arguments, cancel) => RunAsync(
            new DemoOptions(
                arguments.GetRequiredValue(Transport),
                arguments.GetValue(Orders),
                arguments.GetValue(Seed) ?? RandomNumberGenerator.GetInt32(int.MaxValue),
                arguments.GetValue(Json),
                arguments.GetValue(Log)),
            cancel));
        return command;
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

    private static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        var console = Console.IsOutputRedirected ? PlainConsole() : AnsiConsole.Console;
        try
        {
            // Opened first: a file that cannot be written is no reason to find out after the run.
            await using var json = options.Json?.Create();
            var report = await new DemoRun(options, console, TimeProvider.System).RunAsync(cancellationToken);
            DemoView.Show(console, report);
            if (json is not null) await report.WriteAsync(json, cancellationToken);
            return report.Kept ? ExitCodes.Kept : ExitCodes.Broken;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted; everything has been stopped.");
            return ExitCodes.Interrupted;
        }
        catch (Exception failure)
        {
            // What is foreseen is one line; for anything else the stack is what helps. Neither is a broken promise.
            var foreseen = failure is LabException or IOException or UnauthorizedAccessException or Npgsql.NpgsqlException;
            await Console.Error.WriteLineAsync(foreseen ? failure.Message.ReplaceLineEndings(" ") : failure.ToString());
            return ExitCodes.CouldNotRun;
        }
    }
}
