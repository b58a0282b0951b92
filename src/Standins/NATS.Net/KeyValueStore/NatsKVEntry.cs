using System.Runtime.InteropServices;
using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.KeyValueStore;

/// <summary>One revision of a key.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NatsKVEntry<T>(string Bucket, string Key)
{
    /// <summary>The value; the default one for a deletion, and when <see cref="Error"/> is set.</summary>
    public T? Value { get; init; }

    /// <summary>Its number, unique and rising in the bucket.</summary>
    public ulong Revision { get; init; }

    /// <summary>In a watch: how many entries the bucket had behind this one.</summary>
    public ulong Delta { get; init; }

    /// <summary>When it was written.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>What was done to the key.</summary>
    public NatsKVOperation Operation { get; init; }

    /// <summary>Why the value could not be deserialised, if it could not.</summary>
    public NatsException? Error { get; init; }

    /// <summary>Throws <see cref="Error"/> if there is one.</summary>
    public void EnsureSuccess()
    {
        if (Error is not null)
            throw Error;
    }
}

/// <summary>What was done to a key.</summary>
public enum NatsKVOperation
{
    /// <summary>It was given a value.</summary>
    Put,

    /// <summary>It was deleted.</summary>
    Del,

    /// <summary>It was deleted together with its history.</summary>
    Purge,
}
