using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lab.DeadLetters;

/// <summary>
/// Prints answers for people. One line per message and never a wrapped one, so that a cause can be copied and lines can be cut;
/// whatever a peer may have put into a message, it cannot control the terminal.
/// </summary>
internal static class DeadLettersView
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Show(TextWriter output, ParkedPage page)
    {
        Write(output, ["ID", "STATE", "CONSUMER", "TYPE", "KEY", "ATTEMPTS", "PARKED", "CAUSE"],
        [
            .. page.Messages.Select(message => new[]
            {
                Number(message.Id), message.State, message.Consumer, message.Type ?? "-", message.Key ?? "-", Number(message.Attempts),
                Time(message.ParkedAt), message.Cause,
            }),
        ]);
        if (page.Next is { } next)
            output.WriteLine($"There may be more: --after {Number(next)}");
    }

    public static void Show(TextWriter output, CauseList causes) =>
        Write(output, ["COUNT", "STATE", "CONSUMER", "TYPE", "FIRST", "LAST", "UP TO", "CAUSE"],
        [
            .. causes.Groups.Select(group => new[]
            {
                Number(group.Count), group.State, group.Consumer, group.Type ?? "-", Time(group.First), Time(group.Last), Number(group.UpTo), group.Cause,
            }),
        ]);

    public static void Show(TextWriter output, ParkedDetail detail)
    {
        var message = detail.Message;
        var place = detail.Partition is { } partition ? $"{message.Topic}, partition {partition}, position {detail.Position}" : message.Topic;
        Write(output, null,
        [
            ["message", $"{message.MessageId} {message.Type}"],
            ["key", message.Key ?? "-"],
            ["state", $"{message.State} at {message.Consumer} after {message.Attempts} attempts, version {detail.Version}"],
            ["cause", message.Cause],
            ["group", detail.Group],
            ["from", place],
            ["queue", $"{detail.Ahead} ahead, {detail.Behind} behind, " + (message.Due is { } due ? $"due {Time(due)}" : "held")],
            .. detail.Attributes.Select(attribute => new[] { $"  {attribute.Key}", attribute.Value }),
            .. detail.History.Select(entry => new[] { "history", $"{entry.At:u} {entry.What}" + (entry.Cause is { } cause ? $": {cause}" : "") }),
        ]);
        output.WriteLine(detail.Body is { } body ? JsonSerializer.Serialize(body, Indented) : $"base64 {detail.BodyBase64}");
        foreach (var line in (detail.Detail ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            output.WriteLine(Printable(line.TrimEnd('\r')));
    }

    public static void Show(TextWriter output, OperationReport report)
    {
        foreach (var outcome in report.Outcomes)
            output.WriteLine($"{Number(outcome.Id)}: {Printable(outcome.Outcome)}");
        var counts = report.Outcomes.CountBy(outcome => outcome.Outcome, StringComparer.Ordinal).Select(count => $"{Number(count.Value)} {Printable(count.Key)}");
        output.WriteLine(report.Selected == 0 ? "no such messages" : $"all in all: {string.Join(", ", counts)}");
        if (report.Remaining > 0)
            output.WriteLine($"{Number(report.Remaining)} more of the group were left alone: one call takes so many. Run it again.");
    }

    private static void Write(TextWriter output, string[]? header, IReadOnlyCollection<string[]> lines)
    {
        if (lines.Count == 0)
        {
            output.WriteLine("none");
            return;
        }

        string[][] cells = [.. (header is null ? lines : lines.Prepend(header)).Select(line => line.Select(Printable).ToArray())];
        var widths = Enumerable.Range(0, cells[0].Length).Select(column => cells.Max(line => line[column].Length)).ToArray();
        foreach (var line in cells)
            output.WriteLine(string.Join("  ", line.Select((cell, column) => column == line.Length - 1 ? cell : cell.PadRight(widths[column]))));
    }

    private static string Printable(string text)
    {
        if (!text.Any(char.IsControl))
            return text;
        var printable = new StringBuilder(text.Length);
        foreach (var letter in text)
            printable.Append(char.IsControl(letter) ? ' ' : letter);
        return printable.ToString();
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
