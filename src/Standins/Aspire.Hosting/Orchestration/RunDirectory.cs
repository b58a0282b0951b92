namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>The directory with everything one run leaves on disk.</summary>
internal sealed class RunDirectory
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private RunDirectory(string path) => Path = path;

    public string Path { get; }

    /// <summary>Whether we run as root, so that servers must run as somebody else.</summary>
    public static bool IsRoot { get; } = Environment.IsPrivilegedProcess;

    public static RunDirectory Create(string applicationName)
    {
        var name = $"{applicationName.ToLowerInvariant()}-{Guid.NewGuid():N}"[..(applicationName.Length + 9)];
        var path = System.IO.Path.Combine(FindParent(), name);
        // Another user's server must be able to pass through, and only that.
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("The stand-in for Aspire's app host runs on Linux and macOS.");

        Directory.CreateDirectory(path, Private);
        if (IsRoot)
            File.SetUnixFileMode(path, Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return new RunDirectory(path);
    }

    /// <summary>A directory for one resource; it stays over restarts of the resource.</summary>
    public string For(string resourceName)
    {
        var path = System.IO.Path.Combine(Path, resourceName);
        if (!OperatingSystem.IsWindows())
            Directory.CreateDirectory(path, Private);
        return path;
    }

    /// <summary>Writes a file that nobody else can read.</summary>
    public static async Task WriteSecretAsync(string path, string text, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(path, options);
        await writer.WriteAsync(text.AsMemory(), cancellationToken);
    }

    public void Delete()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private static string FindParent()
    {
        var temp = System.IO.Path.GetTempPath();
        if (!IsRoot || IsOpenToOthers(temp))
            return temp;

        // A private temp directory of root (by TMPDIR) is no place for a server that runs as another user.
        return IsOpenToOthers("/tmp") ? "/tmp" : "/var/tmp";
    }

    private static bool IsOpenToOthers(string path)
    {
        for (var directory = new DirectoryInfo(path); directory is not null; directory = directory.Parent)
        {
            if (!directory.Exists || !directory.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return true;
    }
}
