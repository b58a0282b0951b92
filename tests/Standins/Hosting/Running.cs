namespace Standins.Tests.Hosting;

/// <summary>An application that is described, started and stopped by one test.</summary>
internal static class Running
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task<DistributedApplication> StartAsync(Action<IDistributedApplicationBuilder> describe, params string[] args)
    {
        using var limit = NewLimit();
        var application = await BuildAsync(describe, args);
        await application.StartAsync(limit.Token);
        return application;
    }

    public static Task<DistributedApplication> BuildAsync(Action<IDistributedApplicationBuilder> describe, params string[] args)
    {
        var builder = DistributedApplicationTestingBuilder.Create(args);
        describe(builder);
        return builder.BuildAsync(TestContext.Current.CancellationToken);
    }

    public static CancellationTokenSource NewLimit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        return limit;
    }

    public static async Task<string> GetAsync(this DistributedApplication application, string resource, string path)
    {
        using var client = application.CreateHttpClient(resource);
        return await client.GetStringAsync(path, TestContext.Current.CancellationToken);
    }

    /// <summary>The number of a process as its snapshot has it, by the id of the instance.</summary>
    public static int Pid(this CustomResourceSnapshot snapshot) => (int)snapshot.Properties.Single(p => p.Name == "executable.pid").Value!;

    /// <summary>What is known of every instance of a resource, by id.</summary>
    public static async Task<Dictionary<string, CustomResourceSnapshot>> InstancesAsync(this DistributedApplication application, string resource, int count)
    {
        using var limit = NewLimit();
        var found = new Dictionary<string, CustomResourceSnapshot>();
        await foreach (var change in application.ResourceNotifications.WatchAsync(limit.Token))
        {
            if (change.Resource.Name == resource)
                found[change.ResourceId] = change.Snapshot;
            if (found.Count == count)
                break;
        }

        return found.Keys.ToDictionary(id => id, application.Now);
    }

    public static Task<ExecuteCommandResult> CommandAsync(this DistributedApplication application, string resourceId, string command) =>
        application.ResourceCommands.ExecuteCommandAsync(resourceId, command, TestContext.Current.CancellationToken);

    public static async Task<int> PidAsync(this DistributedApplication application, string resource) =>
        int.Parse(await application.GetAsync(resource, "/pid"));

    public static async Task<string> PostAsync(this DistributedApplication application, string resource, string path)
    {
        using var client = application.CreateHttpClient(resource);
        using var answer = await client.PostAsync(path, content: null, TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>What the process has in its environment beyond this process's own.</summary>
    public static async Task<Dictionary<string, string>> EnvironmentAsync(this DistributedApplication application, string resource) =>
        (await application.GetAsync(resource, "/environment")).Split('\n')
            .Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2 && Environment.GetEnvironmentVariable(pair[0]) != pair[1])
            .ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>Waits until a resource is as asked for.</summary>
    public static async Task<CustomResourceSnapshot> WaitAsync(
        this DistributedApplication application, string resource, Func<CustomResourceSnapshot, bool> predicate)
    {
        using var limit = NewLimit();
        return (await application.ResourceNotifications.WaitForResourceAsync(resource, e => predicate(e.Snapshot), limit.Token)).Snapshot;
    }

    public static CustomResourceSnapshot Now(this DistributedApplication application, string resource) =>
        application.ResourceNotifications.TryGetCurrentState(resource, out var current)
            ? current.Snapshot
            : throw new InvalidOperationException($"There is no resource {resource}.");
}
