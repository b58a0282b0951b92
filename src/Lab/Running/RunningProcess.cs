using System.Diagnostics;
using System.Globalization;

namespace Lab.Running;

/// <summary>A process that the app host runs: an instance of a service, or a server.</summary>
/// <param name="Id">Its id in the app host.</param>
/// <param name="ProcessId">The number of its process.</param>
internal record RunningProcess(string Id, int ProcessId)
{
    /// <summary>Ends it as <c>kill -9</c> does; the app host starts it again.</summary>
    /// <exception cref="LabException">It has ended.</exception>
    public void Kill()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            process.Kill();
        }
        catch (ArgumentException)
        {
            throw new LabException($"{Id} could not be killed: it has ended");
        }
    }

    /// <summary>Stops it without ending it, as <c>kill -STOP</c> does.</summary>
    /// <exception cref="LabException">It has ended.</exception>
    public Task PauseAsync(CancellationToken cancellationToken) => SignalAsync("STOP", cancellationToken);

    /// <summary>Lets it go on.</summary>
    /// <exception cref="LabException">It has ended.</exception>
    public Task ResumeAsync(CancellationToken cancellationToken) => SignalAsync("CONT", cancellationToken);

    /// <summary>Sends a signal by its name, such as <c>TERM</c>.</summary>
    /// <exception cref="LabException">It has ended.</exception>
    public async Task SignalAsync(string signal, CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", [$"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
        if (kill.ExitCode != 0) throw new LabException($"{Id} could not be sent {signal}: it has ended");
    }
}

/// <summary>One instance of a service.</summary>
/// <param name="Id">Its id in the app host.</param>
/// <param name="ProcessId">The number of its process.</param>
/// <param name="Address">Where it listens itself, past the proxy that all instances share.</param>
internal sealed record Replica(string Id, int ProcessId, Uri Address) : RunningProcess(Id, ProcessId);
