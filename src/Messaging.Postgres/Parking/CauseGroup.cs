using System.Text.RegularExpressions;

namespace Messaging.Postgres;

/// <summary>What many causes have in common: a cause without the ids, numbers and quoted words that differ from message to message.</summary>
internal static partial class CauseGroup
{
    private const int Longest = 200;

    /// <summary>The group of a cause; at most 200 characters.</summary>
    public static string Of(string cause)
    {
        var group = Varying().Replace(cause.ReplaceLineEndings(" "), "*");
        return group.Length <= Longest ? group : StoredText.Readable(group[..Longest]); // It may have been cut within a pair.
    }

    [GeneratedRegex("""[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|'[^']*'|"[^"]*"|\d+([.,:]\d+)*""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Varying();
}
