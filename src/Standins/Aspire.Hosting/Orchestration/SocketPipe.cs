using System.Buffers;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Passes on what two sockets send each other, in both directions, as fast as the slower one takes it.</summary>
internal static class SocketPipe
{
    private const int BufferSize = 64 * 1024;

    /// <summary>
    /// Ends when both have finished sending: one that has may still receive. When one has gone, the other is reset; but a service that
    /// answers and closes before it has read everything, such as too large a body, is heard out first.
    /// </summary>
    public static async Task RunAsync(Socket client, Socket server, CancellationToken cancellationToken)
    {
        client.NoDelay = server.NoDelay = true;
        // Cheaper than a token for every read: closing ends the reads under way.
        await using var cut = cancellationToken.UnsafeRegister(static pair => Reset(((Socket, Socket))pair!), (client, server));
        await Task.WhenAll(CopyOrResetAsync(client, server, toService: true), CopyOrResetAsync(server, client, toService: false));
    }

    private static void Reset((Socket Client, Socket Server) pair)
    {
        pair.Client.Close(0);
        pair.Server.Close(0);
    }

    private static async Task CopyOrResetAsync(Socket source, Socket sink, bool toService)
    {
        try
        {
            if (await CopyAsync(source, sink))
                return;

            // What the service no longer takes is read and forgotten; how the connection ends, the other direction finds out.
            if (toService)
                await ForgetAsync(source);
            else
                Reset((source, sink));
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            Reset((source, sink));
        }
    }

    /// <summary>True at the end of what the source sends, false when the sink takes no more.</summary>
    private static async Task<bool> CopyAsync(Socket source, Socket sink)
    {
        while (true)
        {
            // An idle connection holds no buffer: this waits for something to read.
            await source.ReceiveAsync(Memory<byte>.Empty);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                var count = await source.ReceiveAsync(buffer.AsMemory(0, BufferSize));
                if (!await PassOnAsync(buffer.AsMemory(0, count), sink))
                    return false;
                if (count == 0)
                    return true;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static async ValueTask<bool> PassOnAsync(ReadOnlyMemory<byte> received, Socket sink)
    {
        try
        {
            if (received.IsEmpty)
                sink.Shutdown(SocketShutdown.Send);
            while (!received.IsEmpty)
                received = received[await sink.SendAsync(received)..];
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task ForgetAsync(Socket source)
    {
        var forgotten = new byte[4096];
        while (await source.ReceiveAsync(forgotten) > 0)
        {
        }
    }
}
