using System.Globalization;
using Lab.Faults;
using Lab.History;
using Lab.Proving;
using Spectre.Console;

namespace Lab.Reporting;

/// <summary>Prints a proof for people: the verdict first and last, between them what it rests on.</summary>
internal static class ProofView
{
    private const int LongestStory = 40;

    public static void Show(IAnsiConsole console, ProofReport report)
    {
        console.WriteLine();
        Show(console, Verdict.Of(report));
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.Broker}, PostgreSQL {report.Postgres}, {report.Coordination}, {report.Rate} orders/s for {report.LoadSeconds:0.#} s, seed {report.Seed}"));
        console.WriteLine();
        foreach (var line in TextTimeline.Of(report, console.Profile.Width)) console.WriteLine(line);
        console.WriteLine();
        if (report.Faults.Count > 0) console.Write(Faults(report));
        foreach (var same in report.LeftOut.GroupBy(fault => fault.Why, StringComparer.Ordinal))
            console.WriteLine($"left out: {string.Join(", ", same.Select(fault => fault.Name))}: {same.Key}");
        console.Write(ReportParts.Paths(report.Paths, "milliseconds from due to ended"));
        foreach (var invariant in report.Invariants) ReportParts.Show(console, invariant);
        if (report.MustBreak is { } number) ShowMustBreak(console, report, number);
        foreach (var explanation in report.Explanations.Take(ReportParts.MostShown)) Tell(console, explanation, report.Began);
        ShowMessages(console, report.Messages);
        foreach (var dead in report.DeadLetters.Take(ReportParts.MostShown))
            console.WriteLine($"{Verdict.Count(dead.Count, "dead letter")}, {ReportParts.OneLine(dead.Type)} at {dead.Consumer}: {ReportParts.OneLine(dead.Cause)}");
        ReportParts.WriteRest(console, report.DeadLetters.Count);
        foreach (var line in report.StillUnderWay) console.MarkupLineInterpolated($"[red]✗[/] still under way: {line}");
        console.WriteLine();
        console.WriteLine($"again: {report.Command}");
        Show(console, Verdict.Of(report));
    }

    private static void Show(IAnsiConsole console, Verdict verdict)
    {
        if (verdict.IsGood) console.MarkupLineInterpolated($"[green]✓[/] [bold]{verdict.Headline}[/]: {verdict.Sentence}");
        else console.MarkupLineInterpolated($"[red]✗[/] [bold]{verdict.Headline}[/]: {verdict.Sentence}");
    }

    private static Table Faults(ProofReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("fault", "target")
            .AddColumns(ReportParts.Right("at s"), ReportParts.Right("lasted s"), ReportParts.Right("back after s"), ReportParts.Right("caught up after s")).AddColumn("note");
        foreach (var fault in report.Faults) table.AddRow(Cells(fault, report.Began));
        return table.Caption("back: from healed until orders ended at their rate again; caught up: until the last one had ended that was due before; other faults make both longer");
    }

    private static Markup[] Cells(StruckFault fault, DateTimeOffset began) =>
    [
        Plain(fault.Name), Plain(fault.Target),
        Plain(ReportParts.Number((fault.Began - began).TotalSeconds)), Plain(ReportParts.Number((fault.Healed - fault.Began).TotalSeconds)),
        Plain(ReportParts.Number(fault.RecoverySeconds)), Plain(ReportParts.Number(fault.CaughtUpSeconds)),
        fault.Failure is { } failure ? Markup.FromInterpolated($"[red]could not strike: {ReportParts.OneLine(failure)}[/]") : Plain(ReportParts.OneLine(fault.Note ?? "")),
    ];

    private static void ShowMustBreak(IAnsiConsole console, ProofReport report, int number)
    {
        if (report.Invariants.Any(invariant => invariant.Number == number && !invariant.Holds))
            console.MarkupLineInterpolated($"[green]✓[/] {report.Antipattern} must break invariant {number}: broken as told");
        else
            console.MarkupLineInterpolated($"[yellow]-[/] {report.Antipattern} must break invariant {number}: NOT shown");
    }

    private static void Tell(IAnsiConsole console, Explanation explanation, DateTimeOffset began)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]invariant {explanation.Invariant}, {ReportParts.OneLine(explanation.Subject)}[/]: {ReportParts.OneLine(explanation.Seen)}");
        foreach (var entry in explanation.Story.Take(LongestStory))
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"    {(entry.At - began).TotalSeconds,9:0.000} s  {entry.Where} {StoryText.KindOf(entry.Kind)} {ReportParts.OneLine(entry.What)}"));
        }

        if (explanation.Story.Count > LongestStory) console.WriteLine($"    … and {explanation.Story.Count - LongestStory} more (--json has them all)");
        foreach (var suspect in explanation.Suspects) console.WriteLine($"    meanwhile: {ReportParts.OneLine(FaultText.Of(suspect, began))}");
    }

    private static void ShowMessages(IAnsiConsole console, MessageAccount account)
    {
        console.WriteLine();
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"messages: {account.Published:#,0} published, {account.Copies:#,0} of them copies, {account.Delivered:#,0} taken in, {account.Lost.Count:#,0} lost{StoryText.Parts(account.Lost)}, {account.OutOfOrder.Count:#,0} out of order, {account.NeverPublished.Count:#,0} orders never told of"));
        foreach (var gap in account.Gaps) console.MarkupLineInterpolated($"[red]✗[/] not seen: {ReportParts.OneLine(gap)}");
        foreach (var lost in account.Lost.Take(ReportParts.MostShown)) console.MarkupLineInterpolated($"[red]✗[/] lost: {ReportParts.OneLine(StoryText.Of(lost))}");
        ReportParts.WriteRest(console, account.Lost.Count);
        foreach (var pair in account.OutOfOrder.Take(ReportParts.MostShown)) console.WriteLine($"out of order: {ReportParts.OneLine(StoryText.Of(pair))}");
        ReportParts.WriteRest(console, account.OutOfOrder.Count);
    }

    private static Markup Plain(string text) => new(Markup.Escape(text));
}
