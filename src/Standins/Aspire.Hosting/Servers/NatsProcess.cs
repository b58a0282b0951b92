namespace Standins.Aspire.Hosting.Servers;

/// <summary>nats-server as a process. The password is in a file only we can read, not on the command line for all to see.</summary>
internal sealed class NatsProcess(NatsServerResource server, ProcessContext context)
{
    public async Task<ProcessSpec> PrepareAsync()
    {
        var program = Executables.FindServer(
            "nats-server",
            context.Options.NatsServer,
            "apt-get install nats-server (Debian, Ubuntu), brew install nats-server (macOS)",
            ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"]);
        var home = context.Directory.For(server.Name);
        var configuration = Path.Combine(home, "nats.conf");
        await RunDirectory.WriteSecretAsync(configuration, await DescribeAsync(home), context.CancellationToken);
        return new ProcessSpec(program, ["--config", configuration], home);
    }

    private async Task<string> DescribeAsync(string home)
    {
        var monitor = new EndpointReference(server, NatsServerResource.MonitorEndpointName).Property(EndpointProperty.Port);
        var text = $$"""
            host: "127.0.0.1"
            port: {{await server.PrimaryEndpoint.Property(EndpointProperty.Port).GetValueAsync(context.CancellationToken)}}
            http: "127.0.0.1:{{await monitor.GetValueAsync(context.CancellationToken)}}"
            authorization {
              user: "{{NatsServerResource.UserName}}"
              password: "{{await server.PasswordParameter.GetValueAsync(context.CancellationToken)}}"
            }

            """;
        return server.JetStream
            ? text + $$"""
                jetstream {
                  store_dir: "{{home}}"
                {{(context.Options.NatsSyncInterval is { } interval ? $"  sync_interval: \"{interval}\"" : "")}}
                }

                """
            : text;
    }
}
