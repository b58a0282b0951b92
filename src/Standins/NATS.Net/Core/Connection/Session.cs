using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;

namespace Standins.NATS.Client.Core;

/// <summary>One established socket: opened, greeted and authenticated. What it carries is the connection's business.</summary>
internal sealed class Session : IAsyncDisposable
{
    private const int ReadSize = 64 * 1024;

    private readonly ProtocolParser _parser;

    private Session(ServerAddress server, Stream stream, NatsOpts opts)
    {
        Server = server;
        Stream = stream;
        Reader = ReaderOf(stream);
        _parser = new ProtocolParser(opts.MaxPayloadHardCap);
    }

    /// <summary>Takes one command; a task that is not done holds the reader back.</summary>
    public delegate ValueTask FrameHandler(in ServerFrame frame);

    public ServerAddress Server { get; }

    public Stream Stream { get; private set; }

    public ServerInfo Info { get; private set; } = new();

    private PipeReader Reader { get; set; }

    /// <summary>
    /// Connects: TCP, INFO, TLS if so agreed, CONNECT, PING, PONG, all within <see cref="NatsOpts.ConnectTimeout"/>. Throws <see cref="NatsServerException"/> when
    /// the server refuses, <see cref="SocketException"/>, <see cref="IOException"/> or <see cref="TimeoutException"/> when it cannot be reached.
    /// </summary>
    public static async Task<Session> OpenAsync(ServerAddress server, NatsOpts opts, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(opts.ConnectTimeout);
        Session? session = null;
        try
        {
            session = new Session(server, await OpenStreamAsync(server, timeout.Token), opts);
            await session.GreetAsync(opts, timeout.Token);
            return session;
        }
        catch (Exception e)
        {
            if (session is not null)
                await session.DisposeAsync();

            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw new TimeoutException($"{server} did not complete the connection within {opts.ConnectTimeout}", e);

            throw;
        }
    }

    /// <summary>Hands every command to <paramref name="handle"/> in order, until the server closes, something breaks or the token is cancelled.</summary>
    public async Task ReadLoopAsync(FrameHandler handle, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await Reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (!HandleFrames(ref buffer, handle, out var held))
                await held.AsTask().WaitAsync(cancellationToken);

            if (read.IsCompleted)
                throw new EndOfStreamException("the server closed the connection");

            Reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Reader.CompleteAsync();
        await Stream.DisposeAsync();
    }

    private static PipeReader ReaderOf(Stream stream) =>
        PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadSize, minimumReadSize: 4096, leaveOpen: true));

    private static async Task<Stream> OpenStreamAsync(ServerAddress server, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task GreetAsync(NatsOpts opts, CancellationToken cancellationToken)
    {
        await ExpectAsync(ServerOp.Info, cancellationToken);
        if (TlsHandshake.IsWanted(Server, Info, opts.TlsOpts))
            await EncryptAsync(opts, cancellationToken);

        using var command = new MemoryStream();
        command.Write("CONNECT "u8);
        await JsonSerializer.SerializeAsync(command, new ConnectOptions(opts.Name, Server.Auth.Username, Server.Auth.Password, Server.Auth.Token), ServerInfo.Json, cancellationToken);
        command.Write("\r\nPING\r\n"u8);
        try
        {
            await Stream.WriteAsync(command.GetBuffer().AsMemory(0, (int)command.Length), cancellationToken);
            await ExpectAsync(ServerOp.Pong, cancellationToken);
        }
        catch (IOException e) when (Stream is SslStream)
        {
            // With TLS 1.3 a client learns after the handshake only that its certificate was not good enough.
            throw new NatsException($"{Server} broke the TLS connection off, perhaps for want of a client certificate: {e.GetBaseException().Message}", e);
        }
    }

    private async Task EncryptAsync(NatsOpts opts, CancellationToken cancellationToken)
    {
        // What came in the clear behind INFO must not be taken for a word of the server whose certificate is checked now.
        if (Reader.TryRead(out var rest) && !rest.Buffer.IsEmpty)
            throw new NatsProtocolViolationException($"{Server} sent more than INFO before the TLS handshake");

        await Reader.CompleteAsync();
        Stream = await TlsHandshake.PerformAsync(Stream, Server, opts.TlsOpts, cancellationToken);
        Reader = ReaderOf(Stream);
    }

    private async Task ExpectAsync(ServerOp op, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await Reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var seen = Seek(op, ref buffer);
            Reader.AdvanceTo(buffer.Start, seen ? buffer.Start : buffer.End);
            if (seen)
                return;

            if (read.IsCompleted)
                throw new EndOfStreamException($"{Server} closed the connection before {op}");
        }
    }

    private bool Seek(ServerOp op, ref ReadOnlySequence<byte> buffer)
    {
        var frame = default(ServerFrame);
        while (_parser.TryRead(ref buffer, ref frame))
        {
            if (frame.Op == ServerOp.Err)
                throw new NatsServerException(System.Text.Encoding.UTF8.GetString(frame.Text));

            if (frame.Op == ServerOp.Info)
                Info = ServerInfo.Parse(frame.Text);

            if (frame.Op == op)
                return true;

            // INFO comes first, and messages only to those who have subscribed.
            if (op == ServerOp.Info || frame.Op == ServerOp.Msg)
                throw new NatsProtocolViolationException($"{Server} sent {frame.Op} where {op} was due");
        }

        return false;
    }

    // False when a handler has to be waited for before going on; the buffer then stands behind what it handles.
    private bool HandleFrames(ref ReadOnlySequence<byte> buffer, FrameHandler handle, out ValueTask held)
    {
        var frame = default(ServerFrame);
        while (!buffer.IsEmpty && _parser.TryRead(ref buffer, ref frame))
        {
            held = handle(frame);
            if (!held.IsCompletedSuccessfully)
                return false;
        }

        held = default;
        return true;
    }
}
