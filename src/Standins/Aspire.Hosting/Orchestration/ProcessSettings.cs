using System.Collections;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Works out the environment and the arguments of a process from the annotations of its resource.</summary>
internal static class ProcessSettings
{
    // What is meant for the app host itself.
    private static readonly string[] NotInherited =
        ["ASPNETCORE_URLS", "DOTNET_LAUNCH_PROFILE", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT"];

    /// <summary>The app host's environment with what the annotations add.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ResolveEnvironmentAsync(IResource resource, ProcessContext context)
    {
        var variables = new Dictionary<string, object>();
        var callbackContext = new EnvironmentCallbackContext(resource, variables, context.CancellationToken);
        foreach (var callback in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToList())
            await callback.Callback(callbackContext);

        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(e => !NotInherited.Contains((string)e.Key))
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
        foreach (var (name, value) in variables)
            environment[name] = context.Instance.Resolve(await ResolveAsync(value, context.CancellationToken));
        return environment;
    }

    public static async Task<IReadOnlyList<string>> ResolveArgumentsAsync(IResource resource, ProcessContext context)
    {
        var arguments = new List<object>();
        var callbackContext = new CommandLineArgsCallbackContext(arguments, context.CancellationToken);
        foreach (var callback in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToList())
            await callback.Callback(callbackContext);

        var resolved = new List<string>();
        foreach (var argument in arguments)
            resolved.Add(context.Instance.Resolve(await ResolveAsync(argument, context.CancellationToken)));
        return resolved;
    }

    private static async ValueTask<string> ResolveAsync(object value, CancellationToken cancellationToken) => value switch
    {
        string text => text,
        IResourceBuilder<IResource> { Resource: IValueProvider provider } => await provider.GetValueAsync(cancellationToken) ?? "",
        IValueProvider provider => await provider.GetValueAsync(cancellationToken) ?? "",
        _ => value.ToString() ?? "",
    };
}
