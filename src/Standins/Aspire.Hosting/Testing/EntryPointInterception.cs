namespace Standins.Aspire.Hosting.Testing;

/// <summary>
/// Runs the Main of an app host up to its Build, which does not return there: what Main has described goes to the test, which may
/// change it before it builds it.
/// </summary>
internal sealed class EntryPointInterception(Assembly assembly)
{
    private static readonly AsyncLocal<EntryPointInterception?> Flow = new();

    private DistributedApplicationBuilder? _builder;

    /// <summary>The interception under way in this flow of execution.</summary>
    public static EntryPointInterception? Current => Flow.Value;

    /// <summary>The builder that Main has filled.</summary>
    /// <exception cref="InvalidOperationException">Main has built nothing.</exception>
    /// <exception cref="DistributedApplicationException">Main has thrown it.</exception>
    public DistributedApplicationTestingBuilderImplementation Run(string[] args)
    {
        var main = assembly.EntryPoint
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no entry point: it is no app host.");
        Flow.Value = this;
        try
        {
            main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, main.GetParameters().Length == 0 ? [] : [args], null);
        }
        catch (HostAbortedException)
        {
            var builder = (DistributedApplicationTestingBuilderImplementation)_builder!;
            builder.IsIntercepted = false;
            return builder;
        }
        finally
        {
            Flow.Value = null;
        }

        throw new InvalidOperationException($"The Main of {assembly.GetName().Name} ended without building a distributed application.");
    }

    public IDistributedApplicationBuilder CreateBuilder(string[] args) =>
        _builder = new DistributedApplicationTestingBuilderImplementation(args, assembly) { IsIntercepted = true };
}
