namespace Lab.Comparing.Reporting;

/// <summary>What the page of a comparison needs beyond the style of the other pages: colours of transports and parts, pictures side by side.</summary>
internal static class ComparisonPageStyle
{
    public const string Css = """
        :root { --here: var(--bg); --on: #ffffff; --embedded: #6b747d; --warn: #8f5a00;
          --t0: #0b62c4; --t1: #b5400a; --b0: #0b62c4; --b1: #b5400a;
          --c0: #0b62c4; --c1: #b35900; --c2: #0d7d6c; --c3: #a8327f; --c4: #6a4bc4; --c5: #806000; --c6: #4d5966; --c7: #c21f2c; --c8: #2f7d1e; --c9: #855132; --c10: #1f6f8b; --c11: #7a2f9a; }
        @media (prefers-color-scheme: dark) {
          :root { --on: #14181d; --embedded: #8b95a0; --warn: #e3b341;
            --t0: #66b0ff; --t1: #ff9a66; --b0: #66b0ff; --b1: #ff9a66;
            --c0: #66b0ff; --c1: #f0a35a; --c2: #4fc7b3; --c3: #f08ccb; --c4: #b49cff; --c5: #e3b341; --c6: #a9b4bf; --c7: #ff8c91; --c8: #8fd36b; --c9: #d3a98c; --c10: #7cc7dd; --c11: #d69cf0; } }
        .told { border-left: 6px solid var(--t0); background: var(--card); padding: 12px 16px; border-radius: 4px; overflow-wrap: anywhere; }
        .told ol { margin: 0; padding-left: 1.3em; } .told li { margin: 4px 0; overflow-wrap: break-word; } .told h2 { margin-top: 0; }
        .warnings { border-left: 6px solid var(--warn); background: var(--card); padding: 8px 16px; border-radius: 4px; margin: 12px 0; }
        .warnings h2 { margin: 0 0 4px; color: var(--warn); } .warnings.partial { border-color: var(--bad); } .warnings.partial h2 { color: var(--bad); }
        .pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px 32px; align-items: start; }
        figure { margin: 8px 0; min-width: 0; max-width: 580px; } figure svg { display: block; width: 100%; height: auto; }
        figcaption { font-size: 0.9rem; margin-bottom: 6px; } figcaption strong { display: block; font-size: 1rem; color: var(--fg); }
        .conditions { color: var(--muted); font-size: 0.78rem; line-height: 1.4; border-top: 1px solid var(--grid); padding-top: 6px; margin: 12px 0; overflow-wrap: anywhere; }
        .conditions span { display: block; }
        h3 { font-size: 0.95rem; margin: 14px 0 2px; } thead th, thead th.n { white-space: normal; min-width: 6em; max-width: 13em; vertical-align: bottom; }
        .figures td, .figures tbody th { white-space: nowrap; } .figures td.instead { white-space: normal; } tbody th { color: inherit; font-weight: 500; white-space: normal; min-width: 8.5em; max-width: 24em; } @media (max-width: 600px) { .figures tbody th { white-space: normal; max-width: 11em; } }
        th:first-child { position: sticky; left: 0; background: var(--here); z-index: 1; } details { --here: var(--card); }
        tr.embedded td, tr.embedded th, td.embedded, th.embedded { color: var(--embedded); font-style: italic; }
        .instead { color: var(--warn); } .swatch { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px; margin-right: 0.5em; }
        svg text.within { fill: var(--on); font-size: 11.5px; } svg text.total { font-weight: 600; } svg text.embedded { fill: var(--embedded); font-style: italic; } svg text.within.embedded { fill: var(--fg); }
        svg .curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; } svg .curve.dashed { stroke-dasharray: 6 4; }
        svg .curve.t0, svg .mark.t0 { stroke: var(--t0); } svg .curve.t1, svg .mark.t1 { stroke: var(--t1); }
        svg .mark.t0 { fill: var(--t0); } svg .mark.t1 { fill: var(--t1); } svg .mark { stroke-width: 1.6; }
        svg .curve.embedded, svg .mark.embedded { stroke: var(--embedded); opacity: 0.75; } svg .curve.embedded { stroke-width: 1.4; } svg .mark.embedded { fill: var(--embedded); }
        svg .mark.hollow { fill: var(--bg); }
        svg .b0 { fill: var(--b0); } svg .b1 { fill: var(--b1); } svg .pale { fill-opacity: 0.45; }
        svg .b0.embedded, svg .b1.embedded { fill: var(--embedded); opacity: 0.6; }
        svg rect.embedded { filter: grayscale(1); opacity: 0.45; }
        """;

    /// <summary>A rule for each colour of parts.</summary>
    public static string Parts { get; } = string.Concat(Enumerable.Range(0, ComparisonCharts.Colours)
        .Select(index => $"svg .c{index} {{ fill: var(--c{index}); }} .swatch.c{index} {{ background: var(--c{index}); }}\n"));
}
