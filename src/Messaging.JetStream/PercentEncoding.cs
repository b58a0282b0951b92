using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Messaging.JetStream;

/// <summary>
/// Text in places that take only some ASCII: UTF-8 bytes outside the allowed ones become <c>%XX</c>, reversibly.
/// For headers as the CloudEvents NATS binding says; for subjects, where dots, blanks and wildcards have a meaning, likewise.
/// </summary>
internal static class PercentEncoding
{
    // A subject shares the protocol line of at most 4 KiB with the reply subject; what is longer than this is known by its hash.
    private const int LongestToken = 512;

    private static readonly SearchValues<char> AllowedInHeader =
        SearchValues.Create([.. Enumerable.Range(0x21, 0x7E - 0x20).Select(c => (char)c).Where(c => c is not ('"' or '%'))]);

    private static readonly SearchValues<char> AllowedInToken =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+:/@~!$&'(),;");

    /// <summary>A header value: printable ASCII but for blank, quotation mark and percent.</summary>
    public static string ToHeader(string text) => Encode(text, AllowedInHeader);

    /// <summary>One token of a subject. Empty text is <c>%</c>; text too long is <c>%-</c> and a hash, which cannot be read back.</summary>
    public static string ToToken(string text)
    {
        if (text.Length == 0)
            return "%";
        var token = Encode(text, AllowedInToken);
        return token.Length <= LongestToken ? token : "%-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Reads a token back; null when it is a hash.</summary>
    public static string? FromToken(string token) =>
        token == "%" ? "" : token.StartsWith("%-", StringComparison.Ordinal) ? null : Decode(token);

    /// <summary>Reads encoded text back. A percent sign that begins no code stands for itself.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('%'))
            return text;
        var bytes = new ArrayBufferWriter<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes.Write([(byte)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]))]);
                i += 2;
            }
            else
            {
                Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes);
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static string Encode(string text, SearchValues<char> allowed)
    {
        if (!text.AsSpan().ContainsAnyExcept(allowed))
            return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (allowed.Contains((char)octet))
                encoded.Append((char)octet);
            else
                encoded.Append('%').Append(octet.ToString("X2"));
        }

        return encoded.ToString();
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
