namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>
/// Stops an app host whose <c>dotnet run</c> was killed: a kill cannot be passed on, and an app host without its terminal would
/// run for ever. Any other parent may go, as a shell does after <c>nohup</c>.
/// </summary>
internal static partial class ParentGuard
{
    public static Timer? StopWithParent(IHostApplicationLifetime lifetime)
    {
        var parent = GetParent();
        var name = $"/proc/{parent.ToString(CultureInfo.InvariantCulture)}/comm";
        if (!File.Exists(name) || File.ReadAllText(name).Trim() != "dotnet")
            return null;

        return new Timer(
            _ =>
            {
                if (GetParent() != parent)
                    lifetime.StopApplication();
            },
            state: null,
            dueTime: TimeSpan.FromSeconds(1),
            period: TimeSpan.FromSeconds(1));
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParent();
}
