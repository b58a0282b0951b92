using System.Globalization;
using Lab.History;

namespace Lab.Reporting;

/// <summary>Tells of what happened to messages and orders in words, the same on the console and on the page.</summary>
internal static class StoryText
{
    public static string KindOf(HistoryKind kind) => kind switch
    {
        HistoryKind.Accepted or HistoryKind.Cancelling => "told the customer",
        HistoryKind.Published => "published",
        HistoryKind.Delivered => "took in",
        HistoryKind.Ledger => "ledger",
        HistoryKind.Parked => "set aside",
        _ => "did",
    };

    public static string Of(LostMessage lost) =>
        $"{lost.Message.What} {lost.Message.MessageId} of {lost.Message.Key ?? "no key"}, {PlaceOf(lost.Message)}, never taken in by {lost.Consumer} ({NameOf(lost.Part)})";

    public static string Of(Overtaking pair) =>
        $"{pair.Consumer} took in {pair.Overtaker.What} ({PlaceOf(pair.Overtaker)}) before {pair.Overtaken.What} ({PlaceOf(pair.Overtaken)}) of {pair.Overtaken.Key}";

    /// <summary>How many are lost where in their partitions; empty when none is.</summary>
    public static string Parts(IReadOnlyList<LostMessage> lost) => lost.Count == 0
        ? ""
        : $": {string.Join(", ", lost.GroupBy(message => message.Part).OrderBy(part => part.Key).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count():#,0} {NameOf(part.Key)}")))}";

    private static string PlaceOf(HistoryEntry message) => $"{message.Where} {message.Partition}/{message.Position}";

    private static string NameOf(LostPart part) => part switch
    {
        LostPart.Prefix => "before all that was taken in",
        LostPart.Middle => "between what was taken in",
        _ => "behind all that was taken in",
    };
}
