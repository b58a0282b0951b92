#pragma warning disable
namespace Standins.NATS.Client.Core { internal sealed class Placeholder; }
namespace Standins.NATS.Client.JetStream { internal sealed class Placeholder; }
namespace Standins.NATS.Client.JetStream.Models { internal sealed class Placeholder; }
