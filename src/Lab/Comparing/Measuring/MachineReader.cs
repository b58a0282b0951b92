using System.Globalization;
using System.Runtime.InteropServices;
using Lab.Comparing.Results;

namespace Lab.Comparing.Measuring;

/// <summary>Reads what everything runs on: from <c>/proc</c> where there is one, else what .NET tells.</summary>
internal static class MachineReader
{
    private const string Unknown = "unknown";
    private const double BytesPerGibibyte = 1024.0 * 1024 * 1024;

    /// <summary>The machine as it is now, before anything is started on it.</summary>
    public static Machine Read() => new(
        Processor(),
        Environment.ProcessorCount,
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / BytesPerGibibyte, 1),
        OperatingSystemName(),
        RuntimeInformation.FrameworkDescription,
        FileSystemOf(Path.GetTempPath(), Lines("/proc/mounts")),
        Load(Lines("/proc/loadavg")));

    /// <summary>The type of the file system that a directory lies on: that of the longest mount point above it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="mounts">The lines of <c>/proc/mounts</c>: device, mount point, type, …</param>
    public static string FileSystemOf(string directory, IEnumerable<string> mounts)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) + '/';
        return mounts.Select(line => line.Split(' '))
            .Where(fields => fields.Length > 2)
            .Select(fields => (Point: Plain(fields[1]).TrimEnd('/') + '/', Type: fields[2]))
            .Where(mount => path.StartsWith(mount.Point, StringComparison.Ordinal))
            .Aggregate((Point: "", Type: Unknown), (best, mount) => mount.Point.Length >= best.Point.Length ? mount : best)
            .Type;
    }

    /// <summary>The load over the last minute: the first number of <c>/proc/loadavg</c>; null where there is none.</summary>
    public static double? Load(IEnumerable<string> lines) =>
        double.TryParse(lines.FirstOrDefault()?.Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var load) ? load : null;

    // Not every architecture gives its processors a name.
    private static string Processor() => ValueOf("model name", ':', Lines("/proc/cpuinfo")) ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string OperatingSystemName() => Lines("/proc/sys/kernel/osrelease").FirstOrDefault() is { } kernel
        ? $"{RuntimeInformation.OSDescription}, kernel {kernel}"
        : RuntimeInformation.OSDescription;

    private static string? ValueOf(string name, char mark, IEnumerable<string> lines) => lines
        .Select(line => line.Split(mark, 2, StringSplitOptions.TrimEntries))
        .FirstOrDefault(parts => parts.Length == 2 && parts[0] == name)?[1];

    private static string[] Lines(string file) => File.Exists(file) ? File.ReadAllLines(file) : [];

    // Spaces of a mount point are written as their octal number.
    private static string Plain(string mountPoint) => mountPoint.Replace("\\040", " ", StringComparison.Ordinal);
}
