using System.Globalization;
using Lab.Faults;

namespace Lab.Reporting;

/// <summary>Tells of a fault in one line.</summary>
internal static class FaultText
{
    public static string Of(StruckFault fault, DateTimeOffset began)
    {
        var when = string.Create(CultureInfo.InvariantCulture,
            $"{fault.Name} {fault.Target}, {(fault.Began - began).TotalSeconds:0.0} s to {(fault.Healed - began).TotalSeconds:0.0} s");
        var then = fault.Failure is { } failure ? $": could not strike: {failure}"
            : fault.RecoverySeconds is { } recovery ? string.Create(CultureInfo.InvariantCulture, $", back after {recovery:0.0} s")
            : "";
        return when + then + (fault.Note is null ? "" : $". {fault.Note}");
    }
}
