namespace Lab.Reporting;

/// <summary>What every page begins with: one that needs no network and runs no script.</summary>
internal static class HtmlPage
{
    /// <summary>The page up to its body.</summary>
    /// <param name="title">The title; it is encoded here.</param>
    /// <param name="css">The style.</param>
    public static string Head(string title, string css) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
        <title>{HtmlText.Of(title)}</title>
        <style>{css}</style>
        </head>
        """;
}
