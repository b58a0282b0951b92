using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public class Events_and_commands
{
    [Fact]
    public async Task What_is_to_happen_before_the_start_may_still_change_what_starts()
    {
        var calls = 0;
        await using var application = await Running.StartAsync(b =>
        {
            var service = b.AddSample("svc");
            b.OnBeforeStart((_, _) => Task.FromResult(++calls));
            b.Eventing.Subscribe<BeforeStartEvent>((e, _) =>
            {
                e.Model.Resources.ShouldContain(service.Resource);
                service.WithEnvironment("Added", "late");
                return Task.CompletedTask;
            });
        });

        (await application.EnvironmentAsync("svc"))["Added"].ShouldBe("late");
        calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_resource_is_ready_once_when_all_its_replicas_are_and_others_wait_for_what_happens_then()
    {
        var order = new List<string>();
        await using var application = await Running.StartAsync(b =>
        {
            var first = b.AddSample("first").WithReplicas(2).OnResourceReady(async (resource, _, token) =>
            {
                await Task.Delay(300, token);
                order.Add($"{resource.Name} is ready");
            });
            b.AddSample("second").WaitFor(first).WithEnvironment(_ => order.Add("second starts"));
            b.Eventing.Subscribe<ResourceReadyEvent>(first.Resource, (e, _) =>
            {
                order.Add($"{e.Resource.Name} again");
                return Task.CompletedTask;
            });
        });

        order.ShouldBe(["first is ready", "first again", "second starts"]);
    }

    [Fact]
    public async Task What_fails_when_a_resource_is_ready_fails_the_start_and_says_why()
    {
        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(
            b => b.AddSample("svc").OnResourceReady((_, _, _) => throw new InvalidOperationException("no seed"))));

        failure.Message.ShouldBe("What is to happen when 'svc' is ready failed: no seed");
    }

    [Fact]
    public async Task A_command_of_ones_own_runs_for_every_replica_or_for_the_one_asked_for()
    {
        var ran = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using var application = await Running.StartAsync(b => b.AddSample("svc").WithReplicas(2)
            .WithCommand("mark", "Mark", context =>
            {
                ran.Add(context.ResourceName);
                return Task.FromResult(CommandResults.Success());
            })
            .WithCommand("fail", "Fail", _ => throw new InvalidOperationException("not today")));
        var ids = (await application.InstancesAsync("svc", 2)).Keys.Order().ToList();

        (await application.CommandAsync("svc", "mark")).Success.ShouldBeTrue();
        ran.Order().ShouldBe(ids);
        (await application.CommandAsync(ids[0], "mark")).Success.ShouldBeTrue();
        ran.Count(id => id == ids[0]).ShouldBe(2);
        var failed = await application.CommandAsync(ids[0], "fail");
        (failed.Success, failed.Message).ShouldBe((false, "not today"));
        (await application.CommandAsync("nobody", "mark")).Message.ShouldBe("Resource 'nobody' not found.");
    }
}
