namespace Standins.NATS.Client.Core;

/// <summary>
/// Collects commands of any number of threads in one buffer; one loop writes it to the socket, so that everything which arrives during
/// a write goes out with the next one. What was not yet handed to a socket when that broke stays and goes to the next.
/// </summary>
internal sealed class CommandWriter(int highWater) : IDisposable
{
    private const int KeptCapacity = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _work = new(0);
    private byte[] _filling = new byte[64 * 1024];
    private byte[] _writing = new byte[64 * 1024];
    private int _count;
    private bool _signalled;
    private TaskCompletionSource? _room;

    /// <summary>Adds one command, whole.</summary>
    public void Enqueue(ReadOnlySpan<byte> line, ReadOnlySpan<byte> body = default)
    {
        lock (_gate)
        {
            var needed = checked(_count + line.Length + body.Length);
            if (needed > _filling.Length)
                Array.Resize(ref _filling, (int)Math.Min(Math.Max(_filling.Length * 2L, needed), Array.MaxLength));

            line.CopyTo(_filling.AsSpan(_count));
            body.CopyTo(_filling.AsSpan(_count + line.Length));
            _count = needed;
            if (_signalled)
                return;

            _signalled = true;
        }

        _work.Release();
    }

    /// <summary>Waits while more than the limit waits for the socket.</summary>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _count) <= highWater)
            return default;

        lock (_gate)
        {
            if (_count <= highWater)
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
                await _work.WaitAsync(cancellationToken);
            else
                await stream.WriteAsync(chunk, cancellationToken);
        }
    }

    public void Dispose()
    {
        _work.Dispose();
        lock (_gate)
            _room?.TrySetException(new ObjectDisposedException(nameof(NatsConnection)));
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
