using System.Diagnostics;

namespace Standins.NATS.Client.Core;

/// <summary>Leaving a server that is about to shut down.</summary>
public sealed partial class NatsConnection
{
    private static readonly TimeSpan IdleCheckInterval = TimeSpan.FromMilliseconds(20);

    // Set when the server of the present session says so.
    private TaskCompletionSource _lameDuck = NewSignal();

    // Fails, which ends the session, when there is another server to go to; before that what was sent has arrived and is answered.
    private async Task LeaveWhenLameAsync(Session session, CancellationToken cancellationToken)
    {
        await _lameDuck.Task.WaitAsync(cancellationToken);
        Raise(LameDuckModeActivated, new NatsLameDuckModeActivatedEventArgs(new Uri(session.Server.ToString())));
        if (_servers.All.All(server => server == session.Server))
            await Task.Delay(Timeout.Infinite, cancellationToken);

        // From here on publishers and requests wait for the next server.
        Closed();
        var left = Stopwatch.GetTimestamp();
        await DrainAsync();
        while (!_requests.IsIdle && Stopwatch.GetElapsedTime(left) < Opts.CommandTimeout)
            await Task.Delay(IdleCheckInterval, cancellationToken);

        throw new NatsException($"{session.Server} is about to shut down");
    }
}
