namespace Standins.NATS.Client.Core;

/// <summary>The argument of CONNECT.</summary>
internal sealed record ConnectOptions(
    string Name,
    string? User,
    string? Pass,
    string? AuthToken,
    bool Verbose = false,
    bool Pedantic = false,
    bool Headers = true,
    bool NoResponders = true,
    int Protocol = 1,
    string Lang = ".NET",
    string Version = "3.1.0");
