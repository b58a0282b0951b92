namespace Messaging;

/// <summary>How a consumer group receives.</summary>
public sealed class ReceiveOptions
{
    /// <summary>The most messages in one transaction. Default 100.</summary>
    public int MaxBatch { get; set; } = 100;

    /// <summary>The most messages held per partition beyond the batch in hand. Default 500.</summary>
    public int Prefetch { get; set; } = 500;

    /// <summary>How often a handler gets a message before it is parked as dead. Default 3.</summary>
    public int Attempts { get; set; } = 3;

    /// <summary>How often a message is tried again, beyond <see cref="Attempts"/>, when it lost a race for a row. Default 20.</summary>
    public int ConcurrencyRetries { get; set; } = 20;

    /// <summary>The pause before the second attempt; it doubles for each further one and is drawn at random between half and full. Default 50 ms.</summary>
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromMilliseconds(50);
}
