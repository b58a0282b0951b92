namespace ServiceDefaults.Telemetry;

/// <summary>Which activity sources and meters a service reports. A trailing <c>.*</c> stands for any suffix.</summary>
internal static class TelemetryNames
{
    /// <summary>Our own sources, whose activities carry the trace through outbox and broker.</summary>
    public static readonly string[] MessagingSources = ["Messaging", "Messaging.*"];

    public static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", .. MessagingSources];

    public static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "System.Net.Http",
        "System.Runtime",
        "Npgsql",
        "Messaging",
        "Messaging.*",
        "Payments",
    ];

    public static bool Matches(IEnumerable<string> patterns, string name)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.EndsWith(".*", StringComparison.Ordinal)
                ? name.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.OrdinalIgnoreCase)
                : string.Equals(name, pattern, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
