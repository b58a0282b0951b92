using System.Diagnostics;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>
/// A small shell process that ends every process of the run, and removes its directory, when the app host dies without doing so.
/// It learns of processes through a named pipe, from the processes themselves: there is no moment in which one runs unknown.
/// </summary>
internal sealed partial class Watchdog : IAsyncDisposable
{
    private readonly FileStream _pipe;
    private readonly Process _shell;
    private readonly SemaphoreSlim _writing = new(1);

    private Watchdog(string pipePath, FileStream pipe, Process shell)
    {
        PipePath = pipePath;
        _pipe = pipe;
        _shell = shell;
    }

    public string PipePath { get; }

    public static Watchdog Start(RunDirectory directory, bool keepData)
    {
        var pipePath = Path.Combine(directory.Path, "watchdog");
        if (MakePipe(pipePath, 0x180 /* 0600 */) != 0)
            throw new DistributedApplicationException($"Cannot make the named pipe {pipePath}: error {Marshal.GetLastPInvokeError()}.");

        // Open for both: a plain open for writing would block until the shell reads.
        var pipe = new FileStream(pipePath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var script = Path.Combine(directory.Path, "watchdog.sh");
        File.WriteAllText(script, ReadScript());
        var start = ChildProcess.InNewSession("", ["/bin/sh", script, pipePath, keepData ? "" : directory.Path]);
        start.WorkingDirectory = "/";
        return new Watchdog(pipePath, pipe, Process.Start(start)!);
    }

    /// <summary>Says that a process and all of its session are gone, so that its number is not taken for ours any more.</summary>
    public async Task ForgetAsync(int session)
    {
        await _writing.WaitAsync();
        try
        {
            await _pipe.WriteAsync(Encoding.ASCII.GetBytes($"end {session}\n"));
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Lets the watchdog end; what is still registered, it kills.</summary>
    public async ValueTask DisposeAsync()
    {
        await _pipe.DisposeAsync();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
        _writing.Dispose();
    }

    private static string ReadScript()
    {
        using var script = new StreamReader(typeof(Watchdog).Assembly.GetManifestResourceStream("watchdog.sh")!);
        return script.ReadToEnd();
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MakePipe(string path, uint mode);
}
