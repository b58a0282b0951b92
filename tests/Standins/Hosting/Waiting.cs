using System.Net;
using System.Net.Sockets;
using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public class Waiting
{
    [Fact]
    public async Task A_resource_starts_only_when_what_it_waits_for_is_healthy()
    {
        await using var application = await Running.StartAsync(b =>
        {
            var slow = b.AddSample("slow", "--healthy-after=00:00:01");
            b.AddSample("waiter").WaitFor(slow);
        });

        var slow = application.Now("slow");
        var waiter = application.Now("waiter");
        (waiter.StartTimeStamp - slow.StartTimeStamp).ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.FromSeconds(0.9));
        slow.HealthStatus.ShouldBe(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_wait_that_takes_too_long_says_who_waits_for_what_and_what_the_check_says()
    {
        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(
            b =>
            {
                var never = b.AddConnectionString("never", ReferenceExpression.Create($"localhost:{ClosedPort().ToString()}"));
                b.AddSample("waiter").WaitFor(never);
            },
            "--WaitTimeout=00:00:05"));

        failure.Message.ShouldMatch("^'(waiter' waited 5 s for 'never' to become healthy|never' is not healthy after 5 s): .*never_tcp_check says: localhost:.* refused");
    }

    [Fact]
    public async Task A_server_that_runs_elsewhere_is_healthy_as_soon_as_it_listens()
    {
        var port = ClosedPort();
        var starting = Running.StartAsync(b =>
        {
            var server = b.AddConnectionString("server", ReferenceExpression.Create($"Host=localhost;Port={port.ToString()};Username=someone"));
            b.AddSample("waiter").WithReference(server).WaitFor(server);
        });
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();

        await using var application = await starting;

        (await application.EnvironmentAsync("waiter"))["ConnectionStrings__server"].ShouldBe($"Host=localhost;Port={port};Username=someone");
    }

    [Fact]
    public async Task A_job_is_awaited_to_its_end_and_not_started_again()
    {
        await using var application = await Running.StartAsync(b =>
        {
            var job = b.AddExecutable("job", "sh", ".", "-c", "echo done; exit 3");
            b.AddSample("waiter").WaitForCompletion(job, exitCode: 3);
        });

        application.Now("job").State?.Text.ShouldBe(KnownResourceStates.Finished);
        application.Now("job").ExitCode.ShouldBe(3);
        application.Now("waiter").StartTimeStamp.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(application.Now("job").StopTimeStamp!.Value);
    }

    [Fact]
    public async Task A_job_with_the_wrong_exit_code_fails_who_waits_for_it()
    {
        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(b =>
        {
            var job = b.AddExecutable("job", "sh", ".", "-c", "exit 1");
            b.AddSample("waiter").WaitForCompletion(job);
        }));

        failure.Message.ShouldContain("'waiter'");
        failure.Message.ShouldContain("'job' ended with exit code 1");
    }

    [Fact]
    public async Task Resources_that_wait_for_one_another_are_refused_before_anything_starts()
    {
        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(b =>
        {
            var first = b.AddSample("first");
            var second = b.AddSample("second").WaitFor(first);
            first.WaitFor(second);
        }));

        failure.Message.ShouldContain("first -> second -> first");
    }

    [Fact]
    public async Task A_service_that_ends_before_it_is_healthy_fails_the_start_and_says_its_exit_code()
    {
        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(
            b => b.AddSample("broken", "--exit=42")));

        failure.Message.ShouldBe("'broken' exited with code 42 before it was healthy.");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_who_wants_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(
            b => b.AddSample("svc").WithHttpEndpoint(port, name: "fixed"), "--DcpPublisher:RandomizePorts=false"));

        failure.Message.ShouldStartWith($"'svc' cannot have port {port}: ");
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
