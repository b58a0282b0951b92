using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Standins.NATS.Client.Core;

/// <summary>The one background task of a connection: connect, serve, reconnect.</summary>
public sealed partial class NatsConnection
{
    private async Task RunAsync()
    {
        // The caller holds the gate.
        await Task.Yield();
        try
        {
            var session = await ConnectFirstAsync();
            while (session is not null)
            {
                var started = Stopwatch.GetTimestamp();
                var server = session.Server;
                var reason = await ServeAsync(session);
                _stopping.Token.ThrowIfCancellationRequested();
                Log.Disconnected(_logger, server, reason);
                Raise(ConnectionDisconnected, new NatsEventArgs($"{server}: {reason?.Message}"));
                session = await ReconnectAsync(waitFirst: Stopwatch.GetElapsedTime(started) < Opts.ReconnectWaitMin);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed: DisposeAsync tells those who wait.
        }
#pragma warning disable CA1031 // Nobody awaits this task before dispose: what ends it must reach those who wait for the connection.
        catch (Exception e)
#pragma warning restore CA1031
        {
            GiveUp(e.Message, e);
        }
    }

    // Null when no server could be reached: the waiters know, and the next use tries again.
    private async Task<Session?> ConnectFirstAsync()
    {
        Exception? last = null;
        foreach (var server in _servers.Seeds)
        {
            try
            {
                return await Session.OpenAsync(server, Opts, _stopping.Token);
            }
            catch (Exception e) when (IsConnectFailure(e))
            {
                Log.ConnectFailed(_logger, server, e.Message);
                last = last is NatsServerException ? last : e;
            }
        }

        if (Opts.RetryOnInitialConnect)
            return await ReconnectAsync(waitFirst: true);

        var servers = string.Join(',', _servers.Seeds.Select(server => server.ToString()));
        var failure = last is NatsServerException
            ? new NatsException("can not start to connect nats server: " + servers, last)
            : new NatsException($"can not connect uris: {servers}: {last!.Message}", last);
        lock (_gate)
        {
            _state = NatsConnectionState.Closed;
            Fail(_opened, failure);
        }

        return null;
    }

    // Null when the retries are used up or the server keeps refusing the credentials.
    private async Task<Session?> ReconnectAsync(bool waitFirst)
    {
        if (Interlocked.Exchange(ref _successor, null) is { } successor)
            return successor;

        var attempts = 0;
        var wait = Opts.ReconnectWaitMin;
        var authError = string.Empty;
        while (true)
        {
            if (waitFirst)
            {
                await Task.Delay(wait + Opts.ReconnectJitter * Random.Shared.NextDouble(), _stopping.Token);
                wait = wait * 2 < Opts.ReconnectWaitMax ? wait * 2 : Opts.ReconnectWaitMax;
            }

            waitFirst = true;
            foreach (var server in _servers.All)
            {
                try
                {
                    return await Session.OpenAsync(server, Opts, _stopping.Token);
                }
                catch (Exception e) when (IsConnectFailure(e))
                {
                    Log.ConnectFailed(_logger, server, e.Message);
                    Raise(ReconnectFailed, new NatsEventArgs($"{server}: {e.Message}"));
                    var refused = e is NatsServerException { IsAuthError: true } refusal ? refusal.Error : string.Empty;
                    if (refused.Length > 0 && refused == authError && !Opts.IgnoreAuthErrorAbort)
                        return GiveUp($"the server refused the credentials twice: {refused}", e);

                    authError = refused;
                    if (Opts.MaxReconnectRetry >= 0 && ++attempts >= Opts.MaxReconnectRetry)
                        return GiveUp("maximum connection retry attempts exceeded", e);
                }
            }
        }
    }

    // Returns why the session ended.
    private async Task<Exception?> ServeAsync(Session session)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        Task[] loops = [];
        _lameDuck = NewSignal();
        try
        {
            await ResubscribeAsync(session);
            Opened(session);
            foreach (var subscription in _subscriptions.Values)
                subscription.Resubscribed();

            loops =
            [
                session.ReadLoopAsync(Receive, ending.Token),
                _writer.WriteLoopAsync(session.Stream, ending.Token),
                ProbeAsync(ending.Token),
                LeaveWhenLameAsync(session, ending.Token),
            ];
            await await Task.WhenAny(loops);
            return null;
        }
        catch (Exception e) when (IsConnectFailure(e) || _stopping.IsCancellationRequested)
        {
            return e;
        }
        finally
        {
            Closed();
            await ending.CancelAsync();
            // Before the session goes: what the reader is handling lies in the buffers of the session.
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await session.DisposeAsync();
            CancelPings();
        }
    }

    // Written past the queue: the answers to what waits there come on these subscriptions.
    private async Task ResubscribeAsync(Session session)
    {
        var commands = new ArrayBufferWriter<byte>();
        foreach (var subscription in _subscriptions.Values)
            commands.Write(subscription.SubscribeCommand());

        if (commands.WrittenCount > 0)
            await session.Stream.WriteAsync(commands.WrittenMemory, _stopping.Token);
    }

    private void Opened(Session session)
    {
        Learn(session.Info);
        lock (_gate)
        {
            _state = NatsConnectionState.Open;
            _opened.TrySetResult();
        }

        Log.Connected(_logger, session.Server, session.Info.Version);
        Raise(ConnectionOpened, new NatsEventArgs(session.Server.ToString()));
    }

    private void Closed()
    {
        lock (_gate)
        {
            if (_state == NatsConnectionState.Open)
                _opened = NewSignal();

            _state = NatsConnectionState.Reconnecting;
        }
    }

    private Session? GiveUp(string error, Exception reason)
    {
        Log.Failed(_logger, error, reason);
        var failure = new NatsConnectionFailedException(error);
        lock (_gate)
            _state = NatsConnectionState.Failed;

        End(failure, failure);
        return null;
    }

    private ValueTask Receive(in ServerFrame frame)
    {
        switch (frame.Op)
        {
            case ServerOp.Msg:
                return _subscriptions.TryGetValue(frame.Sid, out var subscription) ? subscription.ReceiveAsync(frame) : default;
            case ServerOp.Ping:
                _writer.Enqueue("PONG\r\n"u8);
                break;
            case ServerOp.Pong:
                OnPong();
                break;
            case ServerOp.Info:
                Learn(Core.ServerInfo.Parse(frame.Text));
                break;
            case ServerOp.Err:
                var error = Encoding.UTF8.GetString(frame.Text);
                Log.ServerError(_logger, error);
                Raise(ServerError, new NatsServerErrorEventArgs(error));
                break;
        }

        return default;
    }

    private void Learn(ServerInfo info)
    {
        _info = info;
        _servers.Announced(info.ConnectUrls);
        if (info.Ldm)
            _lameDuck.TrySetResult();
    }

    private static bool IsConnectFailure(Exception e) => e is SocketException or IOException or TimeoutException or NatsException;
}
