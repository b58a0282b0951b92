using System.Diagnostics;
using System.Globalization;

namespace Lab.Faults;

/// <summary>
/// A small disk in memory (tmpfs) that can be filled. A process of its own mounts it and unmounts it when its standard input ends: also
/// when this process is killed, nothing stays mounted.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int Block = 1 << 20;

    private const string Keeper = """
        mount -t tmpfs -o "$2" small-disk "$1" || exit 1
        echo mounted
        read -r end
        umount -l "$1"
        rmdir "$1"
        """;

    private readonly Process _keeper;

    private SmallDisk(Process keeper, string path) => (_keeper, Path) = (keeper, path);

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Why this process may not mount anything; null when it may.</summary>
    public static string? Hindrance()
    {
        if (!OperatingSystem.IsLinux()) return "a small disk (tmpfs) needs Linux";
        const string Capabilities = "CapEff:";
        const int Administration = 21;
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Capabilities, StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line.AsSpan(Capabilities.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var held)
            && (held >> Administration & 1) == 1 ? null : "mounting a small disk needs root";
    }

    /// <summary>Mounts one that belongs to the owner of a process.</summary>
    /// <exception cref="LabException">It cannot be mounted.</exception>
    public static async Task<SmallDisk> MountAsync(int megabytes, int ownersProcess, CancellationToken cancellationToken)
    {
        var path = Directory.CreateTempSubdirectory("small-disk-").FullName;
        var options = string.Create(
            CultureInfo.InvariantCulture, $"size={megabytes}m,mode=0700,uid={IdOf(ownersProcess, "Uid:")},gid={IdOf(ownersProcess, "Gid:")}");
        var keeper = Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", Keeper, "small-disk", path, options])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        if (await keeper.StandardOutput.ReadLineAsync(cancellationToken) == "mounted") return new SmallDisk(keeper, path);
        var why = (await keeper.StandardError.ReadToEndAsync(cancellationToken)).Trim();
        keeper.Dispose();
        Directory.Delete(path);
        throw new LabException($"a small disk could not be mounted: {why}");
    }

    /// <summary>Leaves no byte of it free.</summary>
    public void Fill()
    {
        var zeros = new byte[Block];
        using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in (int[])[Block, 4096])
        {
            try
            {
                while (true) ballast.Write(zeros, 0, size);
            }
            catch (IOException)
            {
                // It is full, as is wanted.
            }
        }
    }

    /// <summary>Makes room again.</summary>
    public void Free() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync(CancellationToken.None);
        _keeper.Dispose();
    }

    private static string IdOf(int process, string name) =>
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split('\t')[1];
}
