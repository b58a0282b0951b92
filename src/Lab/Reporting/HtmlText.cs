using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Lab.Reporting;

/// <summary>
/// Makes any text fit for a page: nothing in it can become markup, break the document or turn the direction of what stands beside it.
/// A cause may hold what a stranger sent.
/// </summary>
internal static class HtmlText
{
    private const int Longest = 600;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static string Of(string? text) => string.IsNullOrEmpty(text) ? "" : Encoder.Encode(Visible(text));

    /// <summary>A number of the page, for coordinates and for people alike.</summary>
    public static string Of(double number, string format = "0.#") => number.ToString(format, CultureInfo.InvariantCulture);

    private static string Visible(string text)
    {
        var visible = new StringBuilder(Math.Min(text.Length, Longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (visible.Length >= Longest) return visible.Append('…').ToString();
            var isVisible = rune.Value is ' ' or '\n' or '\t' || Rune.GetUnicodeCategory(rune)
                is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
            visible.Append(isVisible ? rune : Rune.ReplacementChar);
        }

        return visible.ToString();
    }
}
