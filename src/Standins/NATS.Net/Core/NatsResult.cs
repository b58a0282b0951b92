namespace Standins.NATS.Client.Core;

/// <summary>A value or the exception that took its place.</summary>
public readonly struct NatsResult<T> : IEquatable<NatsResult<T>>
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

    /// <summary>Same value and same error.</summary>
    public static bool operator ==(NatsResult<T> left, NatsResult<T> right) => left.Equals(right);

    /// <summary>Another value or another error.</summary>
    public static bool operator !=(NatsResult<T> left, NatsResult<T> right) => !left.Equals(right);

    /// <inheritdoc />
    public bool Equals(NatsResult<T> other) => EqualityComparer<T?>.Default.Equals(_value, other._value) && ReferenceEquals(_error, other._error);

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is NatsResult<T> other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(_value, _error);
}
