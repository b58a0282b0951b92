using System.Text.Json.Serialization;

namespace Standins.NATS.Client.JetStream.Models;

internal sealed record ConsumerCreateRequest(string StreamName, ConsumerConfig Config);

internal sealed record ConsumerGetnextRequest
{
    public TimeSpan Expires { get; init; }

    public int Batch { get; init; }

    public bool NoWait { get; init; }

    public TimeSpan IdleHeartbeat { get; init; }
}

internal sealed record SuccessResponse(bool Success);

internal sealed record StreamNamesRequest(string? Subject, int Offset);

internal sealed record StreamNamesResponse(int Total, string[]? Streams);

internal sealed record ConsumerNamesRequest([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int Offset);

internal sealed record ConsumerNamesResponse(int Total, string[]? Consumers);
