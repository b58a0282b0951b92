using System.ComponentModel.DataAnnotations;

namespace Payments.CallingTheProvider;

/// <summary>How the payment provider is called. Configuration section <c>Provider</c>.</summary>
internal sealed class ProviderOptions
{
    /// <summary>Where it is; a service's name or an address. Default <c>http://payment-provider</c>.</summary>
    [Required]
    public Uri Address { get; set; } = new("http://payment-provider");

    /// <summary>How many payments are in calls at once, not counting those in the waiting room. Default 16.</summary>
    [Range(1, 1024)]
    public int Concurrency { get; set; } = 16;

    /// <summary>
    /// How many payments may sit in the waiting room: calls that are not answered within <see cref="PromptAnswer"/> wait there and
    /// leave their place to others. Default 128.
    /// </summary>
    [Range(0, 4096)]
    public int WaitingRoom { get; set; } = 128;

    /// <summary>Until when an answer counts as prompt. Default 250 ms.</summary>
    public TimeSpan PromptAnswer { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long one attempt may take. Default 2 s.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a payment may hold its place, retries included. Default 5 s.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a call is repeated in place when the provider answers 5xx or cuts the connection. Default 2.</summary>
    [Range(1, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>
    /// After this time a payment whose worker has vanished is taken up by another. Default 6 s; more than <see cref="CallTimeout"/>.
    /// </summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>How often the database is asked for payments that nobody announced. Default 250 ms.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The pause after the first call in vain; it doubles with each further one, up to <see cref="LongestPause"/>. Default 200 ms.</summary>
    public TimeSpan Pause { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause between two calls for one payment. Default 15 s.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The share of calls in vain that opens a circuit, above 0 and at most 1. Default 0.5.</summary>
    [Range(0.01, 1)]
    public double FailureRatio { get; set; } = 0.5;

    /// <summary>How many calls a circuit must have seen within <see cref="SamplingDuration"/> before it may open. Default 20.</summary>
    [Range(2, 100_000)]
    public int MinimumCalls { get; set; } = 20;

    /// <summary>How far back a circuit looks. Default 10 s; at least 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "1.00:00:00")]
    public TimeSpan SamplingDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an open circuit spares the provider before one payment probes. Default 2 s; at least 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "1.00:00:00")]
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often the provider may refuse a capture or a void before it is no longer tried by itself. Default 10, which with the
    /// default pauses takes about 40 s.
    /// </summary>
    [Range(1, 1_000)]
    public int Refusals { get; set; } = 10;

    /// <summary>The pause before the next call for a payment: drawn at random between half and full, so that payments do not come back in step.</summary>
    public TimeSpan PauseAfter(int attempts)
    {
        var full = Math.Min(LongestPause.TotalMilliseconds, Pause.TotalMilliseconds * Math.Pow(2, Math.Min(attempts - 1, 20)));
        return TimeSpan.FromMilliseconds(full * (0.5 + (Random.Shared.NextDouble() / 2)));
    }
}
