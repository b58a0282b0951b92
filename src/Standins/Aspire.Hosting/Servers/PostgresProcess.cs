namespace Standins.Aspire.Hosting.Servers;

/// <summary>PostgreSQL as a process: durable (fsync on), on loopback only, as the user postgres when we are root.</summary>
internal sealed class PostgresProcess(PostgresServerResource server, ProcessContext context)
{
    private static readonly string[] Settings =
    [
        "listen_addresses=127.0.0.1",
        // No socket file: the path of the data directory may be too long for one.
        "unix_socket_directories=",
        "max_connections=200",
        "shared_buffers=256MB",
        "max_wal_size=2GB",
    ];

    private static readonly string[] Places = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

    private readonly string _bin = FindBin(context.Options.PostgresBin);
    private readonly string _home = context.Directory.For(server.Name);

    private string Data => Path.Combine(_home, "data");

    public async Task<ProcessSpec> PrepareAsync()
    {
        if (!File.Exists(Path.Combine(Data, "PG_VERSION")))
            await InitializeAsync();

        var port = await server.PrimaryEndpoint.Property(EndpointProperty.TargetPort).GetValueAsync(context.CancellationToken);
        var command = AsServerUser(
            Path.Combine(_bin, "postgres"),
            ["-D", Data, "-p", port!, .. Settings.SelectMany(s => new[] { "-c", s }), .. await ProcessSettings.ResolveArgumentsAsync(server, context)]);
        return new ProcessSpec(command[0], command[1..], _home)
        {
            // A fast shutdown: SIGTERM would wait for every client to leave.
            StopSignal = Signal.Interrupt,
            // An immediate shutdown: no checkpoint of what is about to be deleted.
            DiscardSignal = context.Options.KeepData ? null : Signal.Quit,
        };
    }

    private async Task InitializeAsync()
    {
        var passwordFile = Path.Combine(_home, "password");
        var password = await server.PasswordParameter.GetValueAsync(context.CancellationToken);
        await RunDirectory.WriteSecretAsync(passwordFile, password + "\n", context.CancellationToken);
        try
        {
            if (RunDirectory.IsRoot)
                await context.RunAsync("chown", "-R", "postgres:", _home);
            var initdb = AsServerUser(Path.Combine(_bin, "initdb"),
            [
                "-D", Data, "--username=postgres", $"--pwfile={passwordFile}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C", "--no-sync",
            ]);
            await context.RunAsync(initdb[0], initdb[1..]);
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    // PostgreSQL refuses to run as root.
    private static string[] AsServerUser(string program, string[] arguments) => RunDirectory.IsRoot
        ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]
        : [program, .. arguments];

    private static string FindBin(string? setting)
    {
        var places = Places
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .OrderByDescending(d => int.TryParse(Path.GetFileName(d).Split('@')[^1], out var version) ? version : 0)
            .Select(d => Path.Combine(d, "bin"));
        return Path.GetDirectoryName(Executables.FindServer(
            "initdb",
            setting is null ? null : Path.Combine(setting, "initdb"),
            "apt-get install postgresql (Debian, Ubuntu), brew install postgresql@17 (macOS)",
            places))!;
    }
}
