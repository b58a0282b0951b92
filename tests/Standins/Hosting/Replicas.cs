using Microsoft.Extensions.Diagnostics.HealthChecks;
using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public class Replicas
{
    private const int Kill = 9;

    [Fact]
    public async Task Replicas_share_an_address_and_each_has_an_id_a_process_and_a_port_of_its_own()
    {
        await using var application = await StartAsync(3);
        var instances = await application.InstancesAsync("svc", 3);

        foreach (var id in instances.Keys)
            id.ShouldMatch("^svc-[a-z]{8}$");
        instances.Values.Select(i => i.Pid()).Distinct().Count().ShouldBe(3);
        instances.Values.Select(i => i.Urls.Single().Url).Distinct().ShouldBe([application.GetEndpoint("svc").ToString().TrimEnd('/')]);
        await ServedByAsync(application, [.. instances.Values.Select(i => i.Pid())]);
        application.ResourceNotifications.TryGetCurrentState("svc", out _).ShouldBeFalse("the name stands for three");
    }

    [Fact]
    public async Task A_resource_is_healthy_when_all_its_replicas_are_and_each_is_asked_itself()
    {
        await using var application = await StartAsync(2);
        var sick = int.Parse(await application.PostAsync("svc", "/sicken"));

        await application.WaitAsync("svc", s => s.HealthStatus == HealthStatus.Unhealthy);

        var instances = await application.InstancesAsync("svc", 2);
        var (sickId, well) = (instances.Single(i => i.Value.Pid() == sick).Key, instances.Single(i => i.Value.Pid() != sick).Value);
        instances[sickId].HealthStatus.ShouldBe(HealthStatus.Unhealthy);
        well.HealthStatus.ShouldBe(HealthStatus.Healthy);
        using (var brief = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
            await Should.ThrowAsync<OperationCanceledException>(() => application.ResourceNotifications.WaitForResourceHealthyAsync("svc", brief.Token));

        (await application.CommandAsync(sickId, "restart")).Success.ShouldBeTrue();
        using var limit = Running.NewLimit();
        await application.ResourceNotifications.WaitForResourceHealthyAsync("svc", limit.Token);
        application.Now(sickId).Pid().ShouldNotBe(sick);
    }

    [Fact]
    public async Task A_killed_replica_is_started_again_while_the_others_serve()
    {
        await using var application = await StartAsync(2);
        var instances = await application.InstancesAsync("svc", 2);
        var (id, killed) = (instances.First().Key, instances.First().Value.Pid());
        var other = instances.Last().Value.Pid();

        var exited = application.WaitAsync("svc", s => s.State?.Text == KnownResourceStates.Exited);
        Processes.Kill(killed, Kill);
        var crashed = await exited;
        crashed.ExitCode.ShouldBe(128 + Kill);
        await application.ResourceNotifications.WaitForResourceHealthyAsync("svc", TestContext.Current.CancellationToken);

        var now = application.Now(id).Pid();
        now.ShouldNotBe(killed);
        application.Now(instances.Last().Key).Pid().ShouldBe(other);
        await ServedByAsync(application, [now, other]);
    }

    [Fact]
    public async Task One_replica_is_stopped_and_started_by_its_id_and_all_by_the_name()
    {
        await using var application = await StartAsync(2);
        var instances = await application.InstancesAsync("svc", 2);
        var (first, second) = (instances.First(), instances.Last());

        (await application.CommandAsync(first.Key, "stop")).Success.ShouldBeTrue();
        Processes.IsAlive(first.Value.Pid()).ShouldBeFalse();
        application.Now(second.Key).State?.Text.ShouldBe(KnownResourceStates.Running);
        await ServedByAsync(application, [second.Value.Pid()]);

        (await application.CommandAsync(first.Key, "start")).Success.ShouldBeTrue();
        await application.ResourceNotifications.WaitForResourceHealthyAsync("svc", TestContext.Current.CancellationToken);
        await ServedByAsync(application, [application.Now(first.Key).Pid(), second.Value.Pid()]);

        (await application.CommandAsync("svc", "stop")).Success.ShouldBeTrue();
        (await application.InstancesAsync("svc", 2)).Values.ShouldAllBe(i => i.State!.Text == KnownResourceStates.Finished);
    }

    private static Task<DistributedApplication> StartAsync(int replicas) =>
        Running.StartAsync(b => b.AddSample("svc").WithReplicas(replicas));

    /// <summary>Asks, with a connection for each question, until each of the processes has answered, and no other.</summary>
    private static async Task ServedByAsync(DistributedApplication application, int[] processes)
    {
        using var limit = Running.NewLimit();
        var seen = new HashSet<int>();
        while (seen.Count < processes.Length)
        {
            using var client = new HttpClient();
            seen.Add(int.Parse(await client.GetStringAsync(new Uri(application.GetEndpoint("svc"), "/pid"), limit.Token)));
            seen.ShouldBeSubsetOf(processes);
        }
    }
}
