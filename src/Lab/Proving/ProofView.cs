using System.Globalization;
using Lab.Demo;
using Spectre.Console;

namespace Lab.Proving;

/// <summary>Prints a proof for people.</summary>
internal static class ProofView
{
    private const int MostShown = 5;

    public static void Show(IAnsiConsole console, ProofReport report)
    {
        console.WriteLine();
        console.WriteLine(
            $"{report.Accepted} orders at {report.Rate}/s for {report.LoadSeconds:0} s over {report.Broker}, PostgreSQL {report.Postgres}, {report.Coordination}, seed {report.Seed}");
        console.Write(Faults(report));
        foreach (var leftOut in report.LeftOut) console.WriteLine($"left out: {leftOut.Name}, {leftOut.Why}");
        console.Write(DemoView.Paths(report.Paths));
        foreach (var invariant in report.Invariants) DemoView.Show(console, invariant);
        foreach (var story in report.Explanations.Take(MostShown)) Tell(console, story);
        var messages = report.Messages;
        console.WriteLine(
            $"messages: {messages.Published} published, {messages.Copies} of them copies, {messages.Delivered} taken in, {messages.Lost.Count} lost, {messages.OutOfOrder.Count} out of order");
        foreach (var dead in report.DeadLetters) console.WriteLine($"{dead.Count} dead letters, {dead.Type} at {dead.Consumer}: {dead.Cause}");
        foreach (var line in report.StillUnderWay) console.MarkupLineInterpolated($"[red]✗[/] still under way: {line}");
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]{Verdict(report)}[/]");
    }

    /// <summary>One sentence that says what the run showed.</summary>
    public static string Verdict(ProofReport report)
    {
        if (report.Antipattern is not null)
        {
            var broken = string.Join(", ", report.Invariants.Where(invariant => !invariant.Holds).Select(invariant => invariant.Number));
            var must = string.Join(" or ", report.MustBreak);
            return report.ShownBroken
                ? $"{report.Antipattern} breaks invariant {broken}, as told: {report.Violations} violations"
                : $"{report.Antipattern} was not shown: invariant {must} held";
        }

        var faults = report.Faults.Count(fault => fault.Failure is null);
        var kinds = report.Faults.Where(fault => fault.Failure is null).DistinctBy(fault => fault.Name).Count();
        var rest = report.QuietAfterSeconds is { } quiet
            ? string.Create(CultureInfo.InvariantCulture, $"at rest after {quiet:0.0} s")
            : "never came to rest";
        return $"{report.Violations} violations under {faults} faults of {kinds} kinds, {report.Accepted} orders, {rest}";
    }

    private static Table Faults(ProofReport report)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("fault", "target").AddColumns(Right("at s"), Right("lasted s"), Right("recovered after s")).AddColumn("what");
        foreach (var fault in report.Faults)
        {
            table.AddRow(
                Markup.Escape(fault.Name), Markup.Escape(fault.Target), Number((fault.Began - report.Began).TotalSeconds),
                Number((fault.Healed - fault.Began).TotalSeconds), Number(fault.RecoverySeconds),
                fault.Failure is { } failure ? $"[red]did not strike: {Markup.Escape(failure)}[/]" : Markup.Escape(fault.Note ?? ""));
        }

        return table;
    }

    private static void Tell(IAnsiConsole console, History.Explanation story)
    {
        console.WriteLine($"{story.Subject}: {story.Seen}");
        foreach (var entry in story.Story)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {entry.At:HH:mm:ss.fff} {entry.Kind} {entry.Where}: {entry.What}"));
        }

        foreach (var suspect in story.Suspects) console.WriteLine($"    meanwhile: {suspect}");
    }

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static string Number(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";
}
