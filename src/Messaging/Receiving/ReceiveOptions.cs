using System.ComponentModel.DataAnnotations;

namespace Messaging;

/// <summary>How a consumer group receives. Set while the group is registered, not afterwards.</summary>
public sealed class ReceiveOptions
{
    // What the message itself lacks, no repetition adds.
    private readonly Dictionary<Type, RetryPolicy> _byException = new() { [typeof(ValidationException)] = RetryPolicy.Never };

    /// <summary>The most messages in one transaction. Default 100.</summary>
    public int MaxBatch { get; set; } = 100;

    /// <summary>The most messages held per partition beyond the batch in hand. Default 500.</summary>
    public int Prefetch { get; set; } = 500;

    /// <summary>How a message that fails is tried again. Default: <see cref="RetryPolicy.Default"/>.</summary>
    public RetryPolicy Retry { get; set; } = RetryPolicy.Default;

    /// <summary>How often a message is tried again, without counting as an attempt, when it lost a race for a row. Default 20.</summary>
    public int ConcurrencyRetries { get; set; } = 20;

    /// <summary>
    /// How a message is tried again that fails with an exception of this type or one derived from it, wrapped or not; the most
    /// derived type that fits decides. <see cref="RetryPolicy.Never"/> makes it a permanent failure, as
    /// <see cref="ValidationException"/> is unless said otherwise.
    /// </summary>
    public ReceiveOptions RetryOn<TException>(RetryPolicy policy)
        where TException : Exception
    {
        ArgumentNullException.ThrowIfNull(policy);
        _byException[typeof(TException)] = policy;
        return this;
    }

    /// <summary>The policy for a failure: that of the outermost exception that has one, else <see cref="Retry"/>.</summary>
    internal RetryPolicy PolicyFor(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            for (var type = cause.GetType(); type is not null; type = type.BaseType)
            {
                if (_byException.TryGetValue(type, out var policy))
                    return policy;
            }
        }

        return Retry;
    }
}
