namespace Standins.NATS.Client.JetStream.Models;

/// <summary>A consumer as the server has it.</summary>
/// <param name="StreamName">The stream it reads.</param>
/// <param name="Name">Its name.</param>
/// <param name="Config">The configuration in force: an older server drops what it does not know.</param>
/// <param name="Delivered">The last message delivered.</param>
/// <param name="AckFloor">The message up to which everything is acknowledged.</param>
/// <param name="NumAckPending">Messages delivered and not acknowledged. Can lag behind the last acknowledgement.</param>
/// <param name="NumRedelivered">Messages being delivered again.</param>
/// <param name="NumWaiting">Pull requests waiting.</param>
/// <param name="NumPending">Messages not delivered yet.</param>
public record ConsumerInfo(
    string StreamName, string Name, ConsumerConfig Config, SequenceInfo Delivered, SequenceInfo AckFloor, int NumAckPending, int NumRedelivered, int NumWaiting, ulong NumPending);

/// <summary>A position of a consumer.</summary>
/// <param name="ConsumerSeq">The number of the delivery.</param>
/// <param name="StreamSeq">The sequence in the stream.</param>
public record SequenceInfo(ulong ConsumerSeq, ulong StreamSeq);
