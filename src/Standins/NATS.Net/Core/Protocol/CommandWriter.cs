using System.Threading.Channels;

namespace Standins.NATS.Client.Core;

/// <summary>
/// Collects commands of any number of threads in one buffer; one loop writes it to the socket, so that everything which arrives during
/// a write goes out with the next one. What was not yet handed to a socket when that broke stays and goes to the next.
/// </summary>
internal sealed class CommandWriter
{
    // Bytes that may wait for the socket before publishers have to.
    private const int HighWater = 64 * 1024;
    private const int KeptCapacity = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private byte[] _filling = new byte[64 * 1024];
    private byte[] _writing = new byte[64 * 1024];
    private int _count;
    private bool _signalled;
    private TaskCompletionSource? _room;
    private Exception? _stopped;

    /// <summary>Adds one command, whole; false when the connection is over.</summary>
    public bool Enqueue(ReadOnlySpan<byte> line, ReadOnlySpan<byte> body = default)
    {
        lock (_gate)
        {
            if (_stopped is not null)
                return false;

            var needed = checked(_count + line.Length + body.Length);
            if (needed > _filling.Length)
                Array.Resize(ref _filling, (int)Math.Min(Math.Max(_filling.Length * 2L, needed), Array.MaxLength));

            line.CopyTo(_filling.AsSpan(_count));
            body.CopyTo(_filling.AsSpan(_count + line.Length));
            _count = needed;
            if (_signalled)
                return true;

            _signalled = true;
        }

        return _work.Writer.TryWrite(true);
    }

    /// <summary>Waits while more than the limit waits for the socket.</summary>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _count) <= HighWater)
            return default;

        lock (_gate)
        {
            if (_stopped is not null)
                return ValueTask.FromException(_stopped);

            if (_count <= HighWater)
                return default;

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task.WaitAsync(cancellationToken));
        }
    }

    /// <summary>Writes to <paramref name="stream"/> until that fails or the token is cancelled. One loop at a time.</summary>
    public async Task WriteLoopAsync(Stream stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            var chunk = Take();
            if (chunk.IsEmpty)
                await _work.Reader.ReadAsync(cancellationToken);
            else
                await stream.WriteAsync(chunk, cancellationToken);
        }
    }

    /// <summary>Takes no more commands; those who wait for room are told why.</summary>
    public void Stop(Exception reason)
    {
        lock (_gate)
        {
            _stopped = reason;
            _count = 0;
            _room?.TrySetException(reason);
        }
    }

    private ReadOnlyMemory<byte> Take()
    {
        lock (_gate)
        {
            if (_writing.Length > KeptCapacity)
                _writing = new byte[64 * 1024];

            (_filling, _writing) = (_writing, _filling);
            var chunk = _writing.AsMemory(0, _count);
            _count = 0;
            _signalled = false;
            _room?.TrySetResult();
            _room = null;
            return chunk;
        }
    }
}
