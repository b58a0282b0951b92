using System.Buffers;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Passes on what two sockets send each other, in both directions, as fast as the slower one takes it.</summary>
internal static class SocketPipe
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Ends when both have finished sending: one that has may still receive. When one has gone, the other is reset.</summary>
    public static async Task RunAsync(Socket client, Socket server, CancellationToken cancellationToken)
    {
        client.NoDelay = server.NoDelay = true;
        // Cheaper than a token for every read: closing ends the reads under way.
        await using var cut = cancellationToken.UnsafeRegister(static pair => Reset(((Socket, Socket))pair!), (client, server));
        await Task.WhenAll(CopyOrResetAsync(client, server), CopyOrResetAsync(server, client));
    }

    private static void Reset((Socket Client, Socket Server) pair)
    {
        pair.Client.Close(0);
        pair.Server.Close(0);
    }

    private static async Task CopyOrResetAsync(Socket source, Socket sink)
    {
        try
        {
            await CopyAsync(source, sink);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            Reset((source, sink));
        }
    }

    private static async Task CopyAsync(Socket source, Socket sink)
    {
        while (true)
        {
            // An idle connection holds no buffer: this waits for something to read.
            await source.ReceiveAsync(Memory<byte>.Empty);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                var count = await source.ReceiveAsync(buffer.AsMemory(0, BufferSize));
                if (count == 0)
                {
                    sink.Shutdown(SocketShutdown.Send);
                    return;
                }

                for (var sent = 0; sent < count;)
                    sent += await sink.SendAsync(buffer.AsMemory(sent, count - sent));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
