using System.Diagnostics;

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
    // The watchdog's pipe, the stop signal, the command: the number written is that of the session and, after exec, of the command.
    private const string Launcher =
        """open(my $pipe, "+<", shift) or exit 125; syswrite($pipe, "start $$ " . shift() . "\n"); close($pipe); """;

    private readonly Process _process;
    private readonly ProcessSpec _spec;
    private readonly Watchdog _watchdog;
    private readonly TimeProvider _time;
    private readonly Task _output;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process, ProcessSpec spec, Watchdog watchdog, TimeProvider time, Action<string, bool> onLine)
    {
        (_process, _spec, _watchdog, _time) = (process, spec, watchdog, time);
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
        var start = InNewSession(Launcher, [watchdog.PipePath, SignalName(spec.DiscardSignal ?? spec.StopSignal), program, .. spec.Arguments]);
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

        // No word about a locale the machine lacks.
        start.Environment["PERL_BADLANG"] = "0";

        return new ChildProcess(Process.Start(start)!, spec, watchdog, time, onLine);
    }

    /// <summary>
    /// The start of a program as the leader of a new session, with the process number it is given. Perl does it, which every Debian
    /// and macOS has: not every shell hands on variables such as <c>services__payment-provider__http__0</c>.
    /// </summary>
    public static ProcessStartInfo InNewSession(string prologue, IEnumerable<string> arguments) => new(
        Executables.Find("perl") ?? throw new DistributedApplicationException("perl is not on PATH: it puts processes into sessions of their own."),
        ["-MPOSIX=setsid", "-e", $$"""delete $ENV{PERL_BADLANG}; setsid; {{prologue}} exec { $ARGV[0] } @ARGV or exit 127""", .. arguments]);

    /// <summary>Runs a program to its end.</summary>
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

    /// <summary>The exit code, 128 + n after signal n, when the process itself has exited; what it started may still run.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks the process to stop, kills it after a while, and then ends what is left of its session. True if it need not be killed.</summary>
    public async Task<bool> EndAsync(TimeSpan patience, CancellationToken kill, bool discard = false)
    {
        var stopped = true;
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
                stopped = false;
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
        return stopped;
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
