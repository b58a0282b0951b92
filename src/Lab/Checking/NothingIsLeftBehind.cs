namespace Lab.Checking;

/// <summary>
/// Invariant 5. Every outbox is empty, every consumer has settled what was published, no message waits for a retry, and
/// every dead letter says why. An outbox that was not seen breaks the promise, and so does a partition that nobody owns: silence
/// is no proof.
/// </summary>
internal sealed record NothingIsLeftBehind()
    : Invariant(5, "outboxes are empty, every partition has an owner and no lag, every dead letter names its cause")
{
    /// <summary>The services that send and receive messages.</summary>
    public static readonly IReadOnlyList<string> Services = ["orders", "inventory", "payments"];

    public override IEnumerable<Violation> Check(Snapshot snapshot) => Services
        .Where(service => !snapshot.Backlogs.Any(backlog => backlog.Service == service))
        .Select(service => new Violation(service, "its outbox was not seen"))
        .Concat(snapshot.Backlogs.SelectMany(CheckBacklog))
        .Concat(snapshot.Unowned.Select(unowned => new Violation(
            $"consumer {unowned.Consumer}", $"no service of this system owned partition {unowned.Partition} of {unowned.Topic}")))
        .Concat(snapshot.Lags.Where(lag => lag.Messages != 0).Select(lag => new Violation(
            $"consumer {lag.Consumer}", $"{lag.Messages} messages behind on {lag.Topic}, partition {lag.Partition}")));

    private static IEnumerable<Violation> CheckBacklog(Backlog backlog)
    {
        if (backlog.OutboxRows != 0) yield return new Violation($"outbox of {backlog.Service}", $"{backlog.OutboxRows} rows");
        foreach (var message in backlog.Parked)
        {
            var subject = $"message {message.MessageId}";
            if (message.State == ParkedStates.Parked)
            {
                yield return new Violation(
                    subject, $"{message.Type} of {message.Key} still parked at {message.Consumer} after {message.Attempts} attempts: {message.Cause}");
            }
            else if (string.IsNullOrWhiteSpace(message.Cause))
            {
                yield return new Violation(subject, $"{message.Type} of {message.Key} is dead at {message.Consumer} without a cause");
            }
        }
    }
}
