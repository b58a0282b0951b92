using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Lab.Networking;

/// <summary>One connection through a link: a task per direction, each with one buffer, so that a slow reader slows its writer.</summary>
internal sealed class LinkConnection(Socket client, LinkWeather weather, IAnswerRewriting? rewriting) : IDisposable
{
    private const int BufferSize = 32 * 1024;

    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _broken = new();
    private int _isBroken;
    private volatile bool _breaksInTheMiddle;
    private volatile bool _hasDropped;

    /// <summary>Some of its answers are gone: what follows would make no sense to the client.</summary>
    public bool HasDropped => _hasDropped;

    /// <summary>Closes a socket so that the other side is told of a reset, not of an end.</summary>
    public static void Break(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }

        socket.Dispose();
    }

    /// <summary>Breaks it at once.</summary>
    public void Reset()
    {
        if (Interlocked.Exchange(ref _isBroken, 1) != 0) return;
        try
        {
            _broken.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }

        Break(client);
        Break(_server);
    }

    /// <summary>Whether it is to break when it carries something next.</summary>
    public bool BreaksInTheMiddle => _breaksInTheMiddle;

    /// <summary>Breaks it when it carries something next.</summary>
    public void ResetInTheMiddle() => _breaksInTheMiddle = true;

    /// <summary>Connects and carries bytes until both sides have ended, or it breaks. Does not throw.</summary>
    public async Task RunAsync(DnsEndPoint server)
    {
        try
        {
            client.NoDelay = true;
            await _server.ConnectAsync(server, _broken.Token);
            await Task.WhenAll(
                CarryAsync(client, _server, LinkDirections.Requests), CarryAsync(_server, client, LinkDirections.Answers));
            client.Dispose(); // Both have ended in their own way: nothing is left to reset.
            _server.Dispose();
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody listens there, or one side is gone: the other is told so.
        }
        finally
        {
            Reset();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        _server.Dispose();
        _broken.Dispose();
    }

    private async Task CarryAsync(Socket from, Socket to, LinkDirections direction)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await from.ReceiveAsync(buffer.AsMemory(0, BufferSize), _broken.Token) is var read and > 0)
            {
                await weather.PassAsync(direction, read, _broken.Token);
                await SendAsync(to, buffer.AsMemory(0, read), direction);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Reset(); // so that the other direction ends, too
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, LinkDirections direction)
    {
        if (direction == LinkDirections.Requests)
        {
            rewriting?.SeeRequests(bytes.Span);
        }
        else
        {
            var drops = weather.IsDroppingAnswers;
            if (_hasDropped && !drops) Reset(); // It is over, and whoever ended it did not see this connection.
            _hasDropped |= drops;
            if (_hasDropped) return;
            bytes = rewriting?.Rewrite(bytes) ?? bytes;
        }

        if (!_breaksInTheMiddle || bytes.Length == 0)
        {
            await SendAllAsync(to, bytes);
            return;
        }

        // A server that hears half of a request must not act on it; a client that hears half of an answer knows nothing.
        await SendAllAsync(to, bytes[..(bytes.Length / 2)]);
        weather.CountReset();
        Reset();
    }

    private async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes, _broken.Token)..];
    }
}
