using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Standins.Tests.Hosting.Sample;

/// <summary>Looks at processes from outside.</summary>
internal static partial class Processes
{
    public const string Marker = "STANDINS_TEST_TEMP";

    /// <summary>The processes of an app host with this temp directory: they inherit the marker, or work below the directory.</summary>
    public static IReadOnlyList<int> Of(string temp) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id != 0 && (Read($"/proc/{id}/environ").Contains($"{Marker}={temp}", StringComparison.Ordinal)
                || (new FileInfo($"/proc/{id}/cwd").LinkTarget ?? "").StartsWith(temp, StringComparison.Ordinal))),
    ];

    public static bool IsAlive(int id) => Read($"/proc/{id}/stat") is { Length: > 0 } stat && stat[(stat.LastIndexOf(')') + 2)..][0] != 'Z';

    public static void Kill(int id, int signal) => Send(id, signal).ShouldBe(0);

    /// <summary>Waits until the condition holds, at most that long.</summary>
    public static async Task<bool> EventuallyAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > limit)
                return false;
            await Task.Delay(50, cancellationToken);
        }

        return true;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int id, int signal);
}
