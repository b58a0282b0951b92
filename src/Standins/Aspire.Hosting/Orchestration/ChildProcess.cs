using System.Diagnostics;
using System.Text;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>What to start.</summary>
internal sealed record ProcessSpec(string FileName, IReadOnlyList<string> Arguments, string WorkingDirectory)
{
    /// <summary>The whole environment; null for the app host's own.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>What asks the process to stop.</summary>
    public Signal StopSignal { get; init; } = Signal.Terminate;

    /// <summary>What ends the process at the end of a run whose data nobody will read; null for the same as <see cref="StopSignal" />.</summary>
    public Signal? DiscardSignal { get; init; }

    /// <summary>Sees each line of standard output first.</summary>
    public Action<string>? OnOutput { get; init; }
}

/// <summary>A process in a session of its own, known to the watchdog before it becomes what it is to be. Thread safe.</summary>
internal sealed class ChildProcess : IDisposable
{
    // Not sh: dash drops variables with a hyphen in their name, such as ConnectionStrings__orders-db.
    private const string Shell = "bash";

    // $0 the watchdog's pipe, $1 the stop signal, then the command. The number is that of the session and, after exec, of the command.
    private const string Launcher = """echo "start $$ $1" >"$0" || exit 125; shift; exec "$@" """;

    private readonly Process _process;
    private readonly ProcessSpec _spec;
    private readonly Watchdog _watchdog;
    private readonly TimeProvider _time;
    private readonly Task _output;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process, ProcessSpec spec, Watchdog watchdog, TimeProvider time, Action<string, bool> onLine)
    {
        _process = process;
        _spec = spec;
        _watchdog = watchdog;
        _time = time;
        _output = Task.WhenAll(
            ReadAsync(process.StandardOutput, line =>
            {
                spec.OnOutput?.Invoke(line);
                onLine(line, false);
            }),
            ReadAsync(process.StandardError, line => onLine(line, true)));
    }

    public int Id => _process.Id;

    public static ChildProcess Start(ProcessSpec spec, Watchdog watchdog, TimeProvider time, Action<string, bool> onLine)
    {
        var program = Executables.Find(spec.FileName) ?? throw new DistributedApplicationException($"There is no program '{spec.FileName}'.");
        var start = InNewSession(
            Executables.Find(Shell) ?? throw new DistributedApplicationException($"{Shell} is not on PATH."),
            ["-c", Launcher, watchdog.PipePath, SignalName(spec.DiscardSignal ?? spec.StopSignal), program, .. spec.Arguments]);
        start.WorkingDirectory = spec.WorkingDirectory;
        // The child's standard input ends when the app host does.
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        if (spec.Environment is not null)
        {
            start.Environment.Clear();
            foreach (var (name, value) in spec.Environment)
                start.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(start)!, spec, watchdog, time, onLine);
    }

    /// <summary>A start of the program as the leader of a new session, with the process number it is given.</summary>
    public static ProcessStartInfo InNewSession(string program, IEnumerable<string> arguments) =>
        Executables.Find("setsid") is { } setsid
            ? new ProcessStartInfo(setsid, [program, .. arguments])
            : new ProcessStartInfo(
                Executables.Find("perl") ?? throw new DistributedApplicationException("Neither setsid (util-linux) nor perl is on PATH."),
                ["-MPOSIX=setsid", "-e", "setsid; exec @ARGV or die", program, .. arguments]);

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="DistributedApplicationException">It failed; the message ends with the last lines it printed.</exception>
    public static async Task RunAsync(ProcessSpec spec, Watchdog watchdog, TimeProvider time, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        using var child = Start(spec, watchdog, time, (line, _) =>
        {
            lock (lines)
                lines.Add(line);
        });
        try
        {
            await child.WaitForExitAsync(cancellationToken);
        }
        finally
        {
            await child.EndAsync(TimeSpan.Zero, CancellationToken.None);
        }

        if (child._process.ExitCode != 0)
        {
            throw new DistributedApplicationException(
                $"{Path.GetFileName(spec.FileName)} failed with exit code {child._process.ExitCode}: {string.Join(" | ", lines.TakeLast(5))}");
        }
    }

    /// <summary>Waits until the process itself has exited; what it started may still run.</summary>
    /// <returns>The exit code; 128 + n after signal n.</returns>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks the process to stop, kills it after a while, and then ends what is left of its session. Callable more than once.</summary>
    public async Task EndAsync(TimeSpan patience, CancellationToken kill, bool discard = false)
    {
        if (!_process.HasExited)
        {
            Session.Send(Id, discard ? _spec.DiscardSignal ?? _spec.StopSignal : _spec.StopSignal);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(kill);
            limit.CancelAfter(patience);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Session.Send(Id, Signal.Kill);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        if (Session.HasMembers(Id))
            await Session.EndAsync(Id, _time, kill);
        if (_ended.TrySetResult())
            await _watchdog.ForgetAsync(Id);

        // A process that left the session may hold the pipes for ever.
        await Task.WhenAny(_output, Task.Delay(TimeSpan.FromSeconds(1), _time, CancellationToken.None));
    }

    public void Dispose() => _process.Dispose();

    private static string SignalName(Signal signal) => signal switch
    {
        Signal.Interrupt => "INT",
        Signal.Quit => "QUIT",
        _ => "TERM",
    };

    private static async Task ReadAsync(StreamReader reader, Action<string> onLine)
    {
        while (await reader.ReadLineAsync() is { } line)
            onLine(line);
    }
}
