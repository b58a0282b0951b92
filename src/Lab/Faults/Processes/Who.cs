namespace Lab.Faults;

/// <summary>How descriptions name what a fault of a process strikes.</summary>
internal static class Who
{
    public static string Of(FaultArea area) => area switch
    {
        FaultArea.Service => "a service",
        FaultArea.Broker => "the broker",
        FaultArea.Database => "the database server",
        _ => throw new ArgumentOutOfRangeException(nameof(area), area, "No process belongs to it."),
    };
}
