using System.Diagnostics;
using System.Globalization;

namespace Lab.Benching;

/// <summary>A process as the system counts it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Parent">The number of the one that started it.</param>
/// <param name="Started">When it was started, in ticks since the machine was; tells it from an earlier one of the same number.</param>
/// <param name="Time">Processor time of all its threads.</param>
/// <param name="EndedChildren">Processor time of its children that have ended, and of theirs.</param>
internal sealed record ProcessStat(int Id, int Parent, long Started, TimeSpan Time, TimeSpan EndedChildren);

/// <summary>A process and its children, such as PostgreSQL's: one per connection. Only Linux tells; elsewhere there is nothing to be seen.</summary>
internal static class ProcessFamily
{
    private const int TicksPerSecond = 100; // as Linux counts for whoever reads /proc
    private const double KibibytesPerMebibyte = 1024;

    /// <summary>
    /// Processor time of a process, of its children, and of those that have ended. Null without a process, and where the system
    /// does not tell it: only Linux does.
    /// </summary>
    public static TimeSpan? ProcessorTime(Process? parent)
    {
        if (parent is null || !OperatingSystem.IsLinux()) return null;
        var time = TimeSpan.Zero;
        foreach (var process in ReadAll().Values)
        {
            if (process.Id == parent.Id) time += process.Time + process.EndedChildren;
            else if (process.Parent == parent.Id) time += process.Time;
        }

        return time;
    }

    /// <summary>Every process of the machine, by its number.</summary>
    public static IReadOnlyDictionary<int, ProcessStat> ReadAll()
    {
        var all = new Dictionary<int, ProcessStat>();
        if (!OperatingSystem.IsLinux()) return all;
        var buffer = new byte[1024];
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) continue;
            if (ReadStat(id, Path.Combine(directory, "stat"), buffer) is { } process) all[id] = process;
        }

        return all;
    }

    /// <summary>A process, its children, and theirs.</summary>
    public static IReadOnlyList<ProcessStat> Of(ProcessStat parent, IReadOnlyDictionary<int, ProcessStat> all)
    {
        var children = all.Values.ToLookup(process => process.Parent);
        var family = new List<ProcessStat> { parent };
        for (var i = 0; i < family.Count; i++) family.AddRange(children[family[i].Id]);
        return family;
    }

    /// <summary>
    /// The memory that processes of one family hold: what each has for itself, and once what the one that shares most of it shares
    /// with the others.
    /// </summary>
    public static double MemoryMiB(IReadOnlyCollection<int> family)
    {
        var (own, shared) = (0L, 0L);
        foreach (var id in family)
        {
            var (anonymous, others) = ReadMemory(id);
            own += anonymous;
            shared = Math.Max(shared, others);
        }

        return (own + shared) / KibibytesPerMebibyte;
    }

    // Read often, and of every process there is: hence no text is made of it.
    private static ProcessStat? ReadStat(int id, string path, byte[] buffer)
    {
        try
        {
            using var file = File.OpenHandle(path);
            ReadOnlySpan<byte> line = buffer.AsSpan(0, RandomAccess.Read(file, buffer, 0));
            // What follows the name, which may hold anything: state, parent, …
            line = line[(line.LastIndexOf((byte)')') + 2)..];
            Span<long> numbers = stackalloc long[20];
            var count = 0;
            foreach (var range in line.Split((byte)' '))
            {
                if (count == numbers.Length) break;
                _ = long.TryParse(line[range], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[count++]);
            }

            return new ProcessStat(id, (int)numbers[1], numbers[19], Time(numbers[11] + numbers[12]), Time(numbers[13] + numbers[14]));
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile.
        }
    }

    // In kibibytes.
    private static (long Own, long Shared) ReadMemory(int id)
    {
        try
        {
            var (own, shared) = (0L, 0L);
            foreach (var line in File.ReadLines($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/status"))
            {
                if (line.StartsWith("RssAnon:", StringComparison.Ordinal)) own = NumberOf(line);
                else if (line.StartsWith("RssFile:", StringComparison.Ordinal) || line.StartsWith("RssShmem:", StringComparison.Ordinal)) shared += NumberOf(line);
            }

            return (own, shared);
        }
        catch (IOException)
        {
            return (0, 0); // It has ended meanwhile.
        }
    }

    private static long NumberOf(string line) =>
        long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture);

    private static TimeSpan Time(long ticks) => TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
}
