namespace Payments.ReactingToEvents;

/// <summary>How long Payments waits for others where no saga does. Configuration section <c>Choreography</c>.</summary>
internal sealed class ChoreographyOptions
{
    /// <summary>
    /// How long it may take from the news of an order until its payment is authorised, stock and bank together, before it is called off.
    /// Default 15 s.
    /// </summary>
    public TimeSpan AuthorizationDeadline { get; set; } = TimeSpan.FromSeconds(15);
}
