namespace Lab.Reporting;

/// <summary>How the page looks: one style sheet, light and dark, wide things scroll within themselves.</summary>
internal static class ProofPageStyle
{
    public const string Css = """
        :root { color-scheme: light dark; --bg: #ffffff; --fg: #1b1f24; --muted: #59636e; --grid: #dde2e7; --card: #f5f7f9; --ok: #1a7f37; --bad: #c21f2c;
          --sent: #8a929b; --accepted: #b35900; --ended: #0b62c4; --open: #0d7d6c; --p50: #0b62c4; --p99: #c2410c;
          --service: #1668b8; --broker: #c2410c; --database: #0d7d6c; --network: #a8327f; --provider: #8f6a00; --messages: #6a4bc4; }
        @media (prefers-color-scheme: dark) {
          :root { --bg: #14181d; --fg: #e4e8ec; --muted: #9aa4ae; --grid: #2c343d; --card: #1c2229; --ok: #4ac26b; --bad: #ff7b81;
            --sent: #7d8791; --accepted: #f0a35a; --ended: #66b0ff; --open: #4fc7b3; --p50: #66b0ff; --p99: #ff9a66;
            --service: #66b0ff; --broker: #ff9a66; --database: #4fc7b3; --network: #f08ccb; --provider: #e3b341; --messages: #b49cff; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 1240px; padding: 16px; background: var(--bg); color: var(--fg); font: 16px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 4px; }
        h2 { font-size: 1.15rem; margin: 32px 0 8px; }
        p { margin: 4px 0 8px; }
        .verdict { border-left: 6px solid var(--ok); background: var(--card); padding: 12px 16px; border-radius: 4px; overflow-wrap: anywhere; }
        .verdict.bad { border-color: var(--bad); }
        .ok { color: var(--ok); } .bad { color: var(--bad); } .verdict.bad { color: inherit; } .verdict.bad h1 { color: var(--bad); } .verdict.ok { color: inherit; } .verdict.ok h1 { color: var(--ok); }
        .muted { color: var(--muted); font-size: 0.9rem; }
        .scroll { overflow-x: auto; }
        .scroll svg { display: block; width: 100%; height: auto; min-width: 860px; }
        table { border-collapse: collapse; font-size: 0.9rem; min-width: min(100%, 46em); }
        th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
        td { overflow-wrap: break-word; max-width: 36em; }
        th { font-weight: 600; color: var(--muted); white-space: nowrap; }
        .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        ul { padding-left: 1.2em; margin: 4px 0; }
        ul.plain { list-style: none; padding-left: 0; }
        li { overflow-wrap: anywhere; }
        details { margin: 8px 0; padding: 8px 12px; background: var(--card); border-radius: 4px; }
        summary { cursor: pointer; overflow-wrap: anywhere; }
        pre { background: var(--card); padding: 12px; border-radius: 4px; overflow-x: auto; margin: 8px 0; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0; font-size: 0.95rem; }
        dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
        svg text { font: 12px system-ui, sans-serif; fill: var(--fg); }
        svg .axis { fill: var(--muted); font-size: 11px; } svg .panel { font-weight: 600; font-size: 12.5px; } svg .lane { font-weight: 600; }
        svg .grid { stroke: var(--grid); stroke-width: 1; } svg .tick { stroke: var(--muted); } svg .over { stroke: var(--muted); stroke-dasharray: 4 4; }
        svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } svg .under { opacity: 0.18; stroke: none; }
        svg .line.sent { stroke: var(--sent); stroke-width: 1.4; stroke-dasharray: 5 3; } svg .line.accepted { stroke: var(--accepted); } svg .line.ended { stroke: var(--ended); }
        svg .line.open { stroke: var(--open); } svg .under.open { fill: var(--open); } svg .line.p50 { stroke: var(--p50); } svg .line.p99 { stroke: var(--p99); }
        svg .second { fill: transparent; } svg .second:hover { fill: var(--muted); fill-opacity: 0.2; }
        svg .shade { opacity: 0.09; } svg .recovery { opacity: 0.4; }
        svg .area-service rect, svg rect.area-service, svg text.area-service { fill: var(--service); }
        svg .area-broker rect, svg rect.area-broker, svg text.area-broker { fill: var(--broker); }
        svg .area-database rect, svg rect.area-database, svg text.area-database { fill: var(--database); }
        svg .area-network rect, svg rect.area-network, svg text.area-network { fill: var(--network); }
        svg .area-provider rect, svg rect.area-provider, svg text.area-provider { fill: var(--provider); }
        svg .area-messages rect, svg rect.area-messages, svg text.area-messages { fill: var(--messages); }
        svg .failed rect { fill: none; stroke: var(--bad); stroke-dasharray: 3 2; } svg .failed .label { fill: var(--bad); }
        """;
}
