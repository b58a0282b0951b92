namespace Standins.Aspire.Hosting.Testing;

/// <summary>Describes a distributed application in a test. Nothing is written to the console.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable
{
    /// <summary>Builds the application.</summary>
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}

/// <summary>Makes testing builders.</summary>
public static class DistributedApplicationTestingBuilder
{
    /// <summary>Makes an empty builder.</summary>
    public static IDistributedApplicationTestingBuilder Create(params string[] args) =>
        new DistributedApplicationTestingBuilderImplementation(args, Assembly.GetEntryAssembly());

    /// <summary>Makes a builder with what the Main of an app host describes. Main is run up to its Build, and no further.</summary>
    /// <exception cref="InvalidOperationException">Main builds no application.</exception>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    /// <summary>Makes a builder with what the Main of an app host describes. Main is run up to its Build, and no further.</summary>
    /// <exception cref="InvalidOperationException">Main builds no application.</exception>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IDistributedApplicationTestingBuilder>(new EntryPointInterception(typeof(TEntryPoint).Assembly).Run(args));
    }
}

internal sealed class DistributedApplicationTestingBuilderImplementation(string[] args, Assembly? appHostAssembly)
    : DistributedApplicationBuilder(["--DcpPublisher:RandomizePorts=true", .. args], appHostAssembly, console: false), IDistributedApplicationTestingBuilder
{
    /// <summary>Whether Main is still describing the application: its Build ends it.</summary>
    public bool IsIntercepted { get; set; }

    public override DistributedApplication Build() => IsIntercepted ? throw new HostAbortedException() : base.Build();

    public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default) => Task.FromResult(Build());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
