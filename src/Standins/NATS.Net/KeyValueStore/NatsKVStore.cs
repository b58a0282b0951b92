using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.KeyValueStore;

internal sealed class NatsKVStore : INatsKVStore
{
    private const int WrongLastSequence = 10071;
    private const int WrongLastSequenceConstant = 10164;
    private const string OperationHeader = "KV-Operation";
    private const string ExpectedRevisionHeader = "Nats-Expected-Last-Subject-Sequence";

    // How long a list of keys or a history may take to notice that nothing more comes.
    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(1);

    private static readonly SearchValues<char> InKeys =
        SearchValues.Create("-/_=.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private readonly INatsJSStream _stream;
    private readonly string _prefix;
    private readonly string _directGet;

    internal NatsKVStore(string bucket, INatsJSContext context, INatsJSStream stream)
    {
        Bucket = bucket;
        JetStreamContext = context;
        _stream = stream;
        _prefix = $"$KV.{bucket}.";
        _directGet = $"$JS.API.DIRECT.GET.{stream.Info.Config.Name}";
    }

    public INatsJSContext JetStreamContext { get; }

    public string Bucket { get; }

    public ValueTask<ulong> PutAsync<T>(string key, T value, INatsSerialize<T>? serializer = default, CancellationToken cancellationToken = default) =>
        WriteAsync(key, value, headers: null, serializer, cancellationToken);

    public async ValueTask<ulong> CreateAsync<T>(string key, T value, INatsSerialize<T>? serializer = default, CancellationToken cancellationToken = default)
    {
        try
        {
            return await UpdateAsync(key, value, revision: 0, serializer, cancellationToken);
        }
        catch (NatsKVWrongLastRevisionException)
        {
            // There is an entry: it may be a deletion, which does not count.
            var last = await TryGetEntryAsync(key, revision: 0, DefaultSerializer<byte[]>.Instance, cancellationToken);
            var revision = last switch
            {
                { Success: true } => throw new NatsKVCreateException(),
                { Error: NatsKVKeyDeletedException deleted } => deleted.Revision,
                { Error: NatsKVKeyNotFoundException } => 0ul,
                _ => throw last.Error,
            };
            return await UpdateAsync(key, value, revision, serializer, cancellationToken);
        }
    }

    public ValueTask<ulong> UpdateAsync<T>(
        string key, T value, ulong revision, INatsSerialize<T>? serializer = default, CancellationToken cancellationToken = default) =>
        WriteAsync(key, value, new NatsHeaders { [ExpectedRevisionHeader] = revision.ToString(CultureInfo.InvariantCulture) }, serializer, cancellationToken);

    public async ValueTask DeleteAsync(string key, NatsKVDeleteOpts? opts = default, CancellationToken cancellationToken = default)
    {
        var headers = new NatsHeaders { [OperationHeader] = opts is { Purge: true } ? "PURGE" : "DEL" };
        if (opts is { Purge: true })
            headers["Nats-Rollup"] = "sub";

        if (opts is { Revision: > 0 })
            headers[ExpectedRevisionHeader] = opts.Revision.ToString(CultureInfo.InvariantCulture);

        await WriteAsync<byte[]>(key, value: null, headers, DefaultSerializer<byte[]>.Instance, cancellationToken);
    }

    public ValueTask PurgeAsync(string key, NatsKVDeleteOpts? opts = default, CancellationToken cancellationToken = default) =>
        DeleteAsync(key, (opts ?? new NatsKVDeleteOpts()) with { Purge = true }, cancellationToken);

    public async ValueTask<NatsKVEntry<T>> GetEntryAsync<T>(
        string key, ulong revision = default, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default)
    {
        var result = await TryGetEntryAsync(key, revision, serializer, cancellationToken);
        return result.Success ? result.Value : throw result.Error;
    }

    public async ValueTask<NatsResult<NatsKVEntry<T>>> TryGetEntryAsync<T>(
        string key, ulong revision = default, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default)
    {
        try
        {
            var subject = SubjectOf(key);
            var request = revision == 0 ? new StreamMsgGetRequest { LastBySubj = subject } : new StreamMsgGetRequest { Seq = revision, NextBySubj = subject };
            var reply = await JetStreamContext.Connection.RequestAsync(
                _directGet, request, requestSerializer: NatsJSJson.Serializer<StreamMsgGetRequest>(), replySerializer: serializer, cancellationToken: cancellationToken);
            return ToEntry(key, reply);
        }
        catch (NatsException e)
        {
            return e;
        }
    }

    public IAsyncEnumerable<NatsKVEntry<T>> WatchAsync<T>(
        string key, INatsDeserialize<T>? serializer = default, NatsKVWatchOpts? opts = default,
        CancellationToken cancellationToken = default) =>
        new KVWatch<T>(JetStreamContext, Bucket, key, serializer, opts ?? NatsKVWatchOpts.Default).ReadAsync(cancellationToken);

    public IAsyncEnumerable<NatsKVEntry<T>> WatchAsync<T>(
        INatsDeserialize<T>? serializer = default, NatsKVWatchOpts? opts = default, CancellationToken cancellationToken = default) =>
        WatchAsync(">", serializer, opts, cancellationToken);

    public async IAsyncEnumerable<string> GetKeysAsync(NatsKVWatchOpts? opts = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        opts = (opts ?? NatsKVWatchOpts.Default) with { MetaOnly = true, UpdatesOnly = false, IgnoreDeletes = false };
        await foreach (var entry in UpToNowAsync(">", DefaultSerializer<byte[]>.Instance, opts, cancellationToken))
        {
            if (entry.Operation == NatsKVOperation.Put)
                yield return entry.Key;
        }
    }

    public IAsyncEnumerable<NatsKVEntry<T>> HistoryAsync<T>(
        string key, INatsDeserialize<T>? serializer = default, NatsKVWatchOpts? opts = default,
        CancellationToken cancellationToken = default) =>
        UpToNowAsync(key, serializer, (opts ?? NatsKVWatchOpts.Default) with { IncludeHistory = true }, cancellationToken);

    public async ValueTask<NatsKVStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        await _stream.RefreshAsync(cancellationToken);
        return new NatsKVStatus(Bucket, _stream.Info);
    }

    internal static NatsKVOperation OperationOf(NatsHeaders? headers) =>
        headers is null || !headers.TryGetLastValue(OperationHeader, out var operation) ? NatsKVOperation.Put
        : operation == "PURGE" ? NatsKVOperation.Purge
        : NatsKVOperation.Del;

    private string SubjectOf(string key)
    {
        if (string.IsNullOrEmpty(key))
            throw new NatsKVException("Key cannot be empty");

        if (key[0] == '.' || key[^1] == '.')
            throw new NatsKVException("Key cannot start or end with a period");

        return key.AsSpan().ContainsAnyExcept(InKeys) ? throw new NatsKVException("Key contains invalid characters") : _prefix + key;
    }

    private async ValueTask<ulong> WriteAsync<T>(string key, T? value, NatsHeaders? headers, INatsSerialize<T>? serializer, CancellationToken cancellationToken)
    {
        var ack = await JetStreamContext.PublishAsync(SubjectOf(key), value, serializer, opts: null, headers, cancellationToken);
        if (ack.Error is { ErrCode: WrongLastSequence or WrongLastSequenceConstant } error)
            throw new NatsKVWrongLastRevisionException(error);

        ack.EnsureSuccess();
        return ack.Seq;
    }

    private NatsResult<NatsKVEntry<T>> ToEntry<T>(string key, in NatsMsg<T> reply)
    {
        if (reply.Headers is not { } headers)
            return new NatsKVException("Missing headers");

        if (headers.Code == 404)
            return new NatsKVKeyNotFoundException();

        if (headers.Error is NatsHeaderParseException broken)
            return broken;

        if (!headers.TryGetLastValue("Nats-Sequence", out var sequence) || !ulong.TryParse(sequence, out var revision)
            || !headers.TryGetLastValue("Nats-Time-Stamp", out var time) || !DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, out var created))
        {
            return new NatsKVException($"Missing sequence or timestamp header: {headers.Code} {headers.MessageText}");
        }

        var operation = OperationOf(headers);
        return operation == NatsKVOperation.Put
            ? new NatsKVEntry<T>(Bucket, key) { Value = reply.Data, Revision = revision, Created = created, Operation = operation, Error = reply.Error }
            : new NatsKVKeyDeletedException(revision);
    }

    // What a watch begins with, without waiting for changes. Usually the entry with nothing behind it is the last; what was still behind it may be
    // removed meanwhile, and nats-server 2.9 goes on counting entries that were replaced: then it is over when the server has nothing to send.
    private async IAsyncEnumerable<NatsKVEntry<T>> UpToNowAsync<T>(
        string key, INatsDeserialize<T>? serializer, NatsKVWatchOpts opts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        opts = opts with { OnNoData = static _ => new ValueTask<bool>(true), IdleHeartbeat = opts.IdleHeartbeat < LongestIdle ? opts.IdleHeartbeat : LongestIdle };
        await foreach (var entry in new KVWatch<T>(JetStreamContext, Bucket, key, serializer, opts, endsWhenIdle: true).ReadAsync(cancellationToken))
        {
            yield return entry;
            if (entry.Delta == 0)
                yield break;
        }
    }
}
