using System.Diagnostics;
using System.Globalization;

namespace Lab.Benching;

/// <summary>A process and its children, such as PostgreSQL's: one per connection.</summary>
internal static class ProcessFamily
{
    private const int TicksPerSecond = 100; // as Linux counts for whoever reads /proc

    /// <summary>
    /// Processor time of a process, of its children, and of those that have ended. Null without a process, and where the system
    /// does not tell it: only Linux does.
    /// </summary>
    public static TimeSpan? ProcessorTime(Process? parent)
    {
        if (parent is null || !OperatingSystem.IsLinux()) return null;
        var ticks = 0L;
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) continue;
            var numbers = ReadStat(directory);
            if (numbers is null) continue;
            if (id == parent.Id) ticks += Sum(numbers, 11, 4); // user, system, and both of the children that have ended
            else if (numbers[1] == parent.Id.ToString(CultureInfo.InvariantCulture)) ticks += Sum(numbers, 11, 2);
        }

        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

    // What follows the name, which may hold anything: state, parent, …
    private static string[]? ReadStat(string directory)
    {
        try
        {
            var line = File.ReadAllText(Path.Combine(directory, "stat"));
            return line[(line.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile.
        }
    }

    private static long Sum(string[] numbers, int first, int count) =>
        numbers.Skip(first).Take(count).Sum(number => long.Parse(number, CultureInfo.InvariantCulture));
}
