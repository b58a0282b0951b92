namespace Standins.Aspire.Hosting;

/// <summary>The builder behind <see cref="DistributedApplication.CreateBuilder(string[])" /> and the testing builder.</summary>
internal class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _host;

    public DistributedApplicationBuilder(string[] args, Assembly? appHostAssembly, bool console)
    {
        AppHostDirectory = FindAppHostDirectory(appHostAssembly);
        _host = new HostApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            ApplicationName = appHostAssembly?.GetName().Name,
            ContentRootPath = AppHostDirectory,
        });
        _host.Logging.ClearProviders();
        if (console)
            _host.Logging.AddAppHostConsole();
        AddServices();
    }

    public ConfigurationManager Configuration => _host.Configuration;
    public string AppHostDirectory { get; }
    public IHostEnvironment Environment => _host.Environment;
    public IServiceCollection Services => _host.Services;
    public IDistributedApplicationEventing Eventing { get; } = new DistributedApplicationEventing();
    public IResourceCollection Resources { get; } = new ResourceCollection();

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (Resources.Any(r => r.Name.Equals(resource.Name, StringComparison.OrdinalIgnoreCase)))
            throw new DistributedApplicationException($"There are two resources named '{resource.Name}': a name must be unique.");

        Resources.Add(resource);
        return new ResourceBuilder<T>(this, resource);
    }

    public virtual DistributedApplication Build() => new(_host.Build());

    private static string FindAppHostDirectory(Assembly? assembly)
    {
        var directory = assembly?.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => a.Key.Equals("apphostprojectpath", StringComparison.OrdinalIgnoreCase))?.Value;
        return directory is not null && Directory.Exists(directory) ? directory : Directory.GetCurrentDirectory();
    }

    private void AddServices()
    {
        Services.AddOptions<StandinOptions>().Bind(Configuration);
        Services.AddHealthChecks();
        Services.AddHttpClient();
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton<IResourceCollection>(Resources);
        Services.AddSingleton<DistributedApplicationModel>();
        Services.AddSingleton(_ => new ResourceNotificationService());
        Services.AddSingleton(s => new ResourceLoggerService(
            name => s.GetRequiredService<ILoggerFactory>().CreateLogger($"{Environment.ApplicationName}.Resources.{name}"),
            s.GetRequiredService<TimeProvider>()));
        Services.AddSingleton<Orchestrator>();
        Services.AddSingleton<ResourceHealth>();
        Services.AddSingleton<DependencyWaiter>();
        Services.AddSingleton(Eventing);
        Services.AddSingleton(s => new ResourceCommandService(s.GetRequiredService<Orchestrator>(), s.GetRequiredService<ResourceLoggerService>(), s));
    }
}
