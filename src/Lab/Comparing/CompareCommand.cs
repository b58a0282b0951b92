using System.CommandLine;
using Lab.Comparing.Reporting;
using Lab.Comparing.Results;
using Spectre.Console;

namespace Lab.Comparing;

/// <summary>The verb <c>compare</c>: its options, its exit code, its files.</summary>
internal static class CompareCommand
{
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
        var command = new Command("compare", "Runs the same load on each transport, in turn, and writes one report.") { Transports, Quick, Durability, Out };
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
            ComparisonConsole.Show(console, comparison);
            await WriteAsync(options.Out, comparison);
            console.WriteLine($"report: {Path.Combine(options.Out.FullName, "report.html")}");
            return cancellationToken.IsCancellationRequested ? ExitCodes.Interrupted : comparison.Partial is null ? ExitCodes.Kept : ExitCodes.NotAllDone;
        },
        cancellationToken);

    /// <summary>A directory that cannot be written to is no reason to find out after the run.</summary>
    private static void Prepare(DirectoryInfo directory)
    {
        try
        {
            directory.Create();
            using var probe = new FileStream(
                Path.Combine(directory.FullName, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"--out: nothing can be written to '{directory}': {failure.Message}", failure);
        }
    }

    // What was measured is written whatever ended the run: the token may be cancelled already.
    private static async Task WriteAsync(DirectoryInfo directory, Comparison comparison)
    {
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "report.html"), ComparisonPage.Of(comparison), CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "report.md"), ComparisonMarkdown.Of(comparison), CancellationToken.None);
        await using var json = File.Create(Path.Combine(directory.FullName, "report.json"));
        await ComparisonJson.WriteAsync(json, comparison, CancellationToken.None);
    }

    private static IReadOnlyList<string> NamesOf(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
}
