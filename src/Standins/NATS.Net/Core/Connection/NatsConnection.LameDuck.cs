using System.Diagnostics;

namespace Standins.NATS.Client.Core;

/// <summary>Leaving a server that is about to shut down.</summary>
public sealed partial class NatsConnection
{
    private static readonly TimeSpan IdleCheckInterval = TimeSpan.FromMilliseconds(20);

    // Set when the server of the present session says so.
    private TaskCompletionSource _lameDuck = NewSignal();

    // Opened while the present session still serves.
    private Session? _successor;

    // Fails, which ends the session, when another server is ready to take over; before that what was sent has arrived and is answered.
    private async Task LeaveWhenLameAsync(Session session, CancellationToken cancellationToken)
    {
        await _lameDuck.Task.WaitAsync(cancellationToken);
        Raise(LameDuckModeActivated, new NatsLameDuckModeActivatedEventArgs(new Uri(session.Server.ToString())));
        _successor = await OpenSuccessorAsync(session.Server, cancellationToken);

        // From here on publishers and requests wait for the next server.
        Closed();
        var left = Stopwatch.GetTimestamp();
        await DrainAsync(cancellationToken);
        while (!_requests.IsIdle && Stopwatch.GetElapsedTime(left) < Opts.CommandTimeout)
            await Task.Delay(IdleCheckInterval, cancellationToken);

        throw new NatsException($"{session.Server} is about to shut down");
    }

    private async Task<Session> OpenSuccessorAsync(ServerAddress lame, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var server in _servers.All.Where(server => server != lame))
            {
                try
                {
                    return await Session.OpenAsync(server, Opts, cancellationToken);
                }
                catch (Exception e) when (IsConnectFailure(e))
                {
                    Log.ConnectFailed(_logger, server, e.Message);
                }
            }

            await Task.Delay(Opts.ReconnectWaitMax, cancellationToken);
        }
    }
}
