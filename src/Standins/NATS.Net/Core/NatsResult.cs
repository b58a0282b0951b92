namespace Standins.NATS.Client.Core;

/// <summary>A value or the exception that took its place.</summary>
public readonly record struct NatsResult<T>
{
    private readonly T? _value;
    private readonly Exception? _error;

    /// <summary>A value.</summary>
    public NatsResult(T value) => _value = value;

    /// <summary>An error.</summary>
    public NatsResult(Exception error) => _error = error;

    /// <summary>Whether there is a value.</summary>
    public bool Success => _error is null;

    /// <summary>The value. Throws <see cref="InvalidOperationException"/> when there is none.</summary>
    public T Value => _value ?? throw new InvalidOperationException("Result value is not set");

    /// <summary>The error. Throws <see cref="InvalidOperationException"/> when there is none.</summary>
    public Exception Error => _error ?? throw new InvalidOperationException("Result error is not set");

    /// <summary>A value.</summary>
    public static implicit operator NatsResult<T>(T value) => new(value);

    /// <summary>An error.</summary>
    public static implicit operator NatsResult<T>(Exception error) => new(error);
}
