using System.Security.Cryptography;
using System.Text;

namespace Messaging.Postgres;

/// <summary>
/// Makes what a peer may have sent fit into text and jsonb columns, which take neither NUL nor half of a surrogate pair.
/// </summary>
internal static class StoredText
{
    /// <summary>Longest id or key that is stored as it is; index entries must stay small.</summary>
    private const int LongestName = 200;

    /// <summary>For people to read: what cannot be stored becomes U+FFFD.</summary>
    public static string Readable(string text)
    {
        if (IsStorable(text))
            return text;
        var readable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // gives U+FFFD for half a pair
            readable.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        return readable.ToString();
    }

    /// <summary>
    /// For an id or a key to be compared by: itself when it is short and storable, else its SHA-256, so that two different ones
    /// never become equal.
    /// </summary>
    public static string Name(string text) => text.Length <= LongestName && IsStorable(text)
        ? text
        : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.BigEndianUnicode.GetBytes(text)));

    private static bool IsStorable(string text)
    {
        if (!text.Contains('\0', StringComparison.Ordinal) && !text.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
            return true; // Nearly always, and told in a few nanoseconds.
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune) || rune.Value == 0)
                return false;
            i += rune.Utf16SequenceLength;
        }

        return true;
    }
}
