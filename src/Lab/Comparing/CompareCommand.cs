using System.CommandLine;
using System.Text;
using Lab.Comparing.Reporting;
using Lab.Comparing.Results;
using Spectre.Console;

namespace Lab.Comparing;

/// <summary>The verb <c>compare</c>: its options, its exit code, its files.</summary>
internal static class CompareCommand
{
    private const string Page = "report.html";
    private const string Text = "report.md";
    private const string Data = "report.json";

    private static readonly Option<string?> Transports = new("--transports")
    {
        Description = $"Which to compare, separated by commas: {string.Join(',', Verb.Transports)} by default.",
    };

    private static readonly Option<bool> Quick = new("--quick") { Description = "A first look in under five minutes, instead of figures to go by." };

    private static readonly Option<string?> Durability = new("--durability")
    {
        Description = "When the brokers write to the disk: default, as they do by themselves, or synced, before they acknowledge.",
        HelpName = string.Join('|', Running.Durability.All.Select(profile => profile.Name)),
    };

    private static readonly Option<string> Out = new("--out")
    {
        Description = "The directory for report.html, report.md and report.json; made when it is missing.",
        DefaultValueFactory = _ => Path.Combine("artifacts", "compare"),
    };

    public static Command Create()
    {
        Transports.Validators.Add(result =>
        {
            if (result.Tokens is not [var token]) return;
            var names = NamesOf(token.Value);
            if (names.Count == 0) result.AddError($"--transports takes {string.Join(" and ", Verb.Transports)}, separated by commas.");
            if (names.FirstOrDefault(name => !Verb.Transports.Contains(name, StringComparer.Ordinal)) is { } unknown)
                result.AddError($"--transports: there is no transport '{unknown}'; there are {string.Join(" and ", Verb.Transports)}.");
        });
        Durability.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Running.Durability.All.All(profile => profile.Name != token.Value))
                result.AddError($"--durability takes {string.Join(" or ", Running.Durability.All.Select(profile => profile.Name))}, not '{token.Value}'.");
        });
        Out.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && string.IsNullOrWhiteSpace(token.Value)) result.AddError("--out takes a directory.");
        });
        var command = new Command("compare", "Measures each transport in the same way, in turn, and writes one report.") { Transports, Quick, Durability, Out };
        command.SetAction((arguments, cancel) => RunAsync(
            new CompareOptions(
                arguments.GetValue(Transports) is { } list ? NamesOf(list) : Verb.Transports,
                arguments.GetValue(Quick),
                Running.Durability.All.Single(profile => profile.Name == (arguments.GetValue(Durability) ?? Running.Durability.Default.Name)),
                new DirectoryInfo(arguments.GetValue(Out)!)),
            cancel));
        return command;
    }

    private static Task<int> RunAsync(CompareOptions options, CancellationToken cancellationToken) => Verb.RunAsync(
        output: null,
        async (console, _) =>
        {
            Prepare(options.Out);
            var comparison = await new CompareRun(options, console, TimeProvider.System).RunAsync(cancellationToken);
            if (comparison.IsEmpty) throw new LabException("nothing was measured: no report was written");
            ComparisonConsole.Show(console, comparison);
            try
            {
                await WriteAsync(options.Out, comparison);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Told here, for an interruption would hide it.
                await Console.Error.WriteLineAsync($"the report could not be written to '{options.Out}': {failure.Message.ReplaceLineEndings(" ")}");
                return ExitCodes.CouldNotRun;
            }

            console.WriteLine($"report: {Path.Combine(options.Out.FullName, Page)}");
            return cancellationToken.IsCancellationRequested ? ExitCodes.Interrupted : comparison.Partial is null ? ExitCodes.Kept : ExitCodes.NotAllDone;
        },
        cancellationToken);

    /// <summary>What cannot be written is no reason to find out after the run. What a report holds already stays until there is another.</summary>
    private static void Prepare(DirectoryInfo directory)
    {
        try
        {
            directory.Create();
            foreach (var name in (string[])[Page, Text, Data])
            {
                var file = Path.Combine(directory.FullName, name);
                var isNew = !File.Exists(file);
                File.OpenWrite(file).Dispose();
                if (isNew) File.Delete(file);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"--out: nothing can be written to '{directory}': {failure.Message}", failure);
        }
    }

    // What was measured is written whatever ended the run: the token may be cancelled already. The data first; the rest can be made of it.
    private static async Task WriteAsync(DirectoryInfo directory, Comparison comparison)
    {
        directory.Create(); // It may have gone since.
        using var json = new MemoryStream();
        await ComparisonJson.WriteAsync(json, comparison, CancellationToken.None);
        await ReplaceAsync(directory, Data, json.ToArray());
        await ReplaceAsync(directory, Text, Encoding.UTF8.GetBytes(ComparisonMarkdown.Of(comparison)));
        await ReplaceAsync(directory, Page, Encoding.UTF8.GetBytes(ComparisonPage.Of(comparison)));
    }

    // A disk that is full must not cost the report that was there before.
    private static async Task ReplaceAsync(DirectoryInfo directory, string name, byte[] content)
    {
        var file = Path.Combine(directory.FullName, name);
        await File.WriteAllBytesAsync(file + ".new", content, CancellationToken.None);
        File.Move(file + ".new", file, overwrite: true);
    }

    private static IReadOnlyList<string> NamesOf(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
}
