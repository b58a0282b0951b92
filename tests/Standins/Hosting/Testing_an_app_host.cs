using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public class Testing_an_app_host
{
    [Fact]
    public async Task The_testing_builder_runs_its_main_up_to_build_and_lets_the_test_change_what_it_describes()
    {
        var token = TestContext.Current.CancellationToken;
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Testing_an_app_host>(
            [SampleHost.Verb, "--service-name=from-args"], token);

        builder.Resources.Select(r => r.Name).ShouldBe(["from-args"]);
        builder.AddSample("added");
        await using var application = await builder.BuildAsync(token);
        await application.StartAsync(token);

        (await application.GetAsync("from-args", "/pid")).ShouldNotBe(await application.GetAsync("added", "/pid"));
    }

    [Fact]
    public async Task A_main_that_builds_nothing_is_an_error()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(() => DistributedApplicationTestingBuilder.CreateAsync<Testing_an_app_host>(
            [SampleService.Verb, "--exit=0"], TestContext.Current.CancellationToken));

        failure.Message.ShouldContain("without building");
    }

    [Fact]
    public void A_name_is_unique_and_of_letters_digits_and_single_hyphens()
    {
        var builder = DistributedApplicationTestingBuilder.Create();
        builder.AddSample("service-1");

        Should.Throw<DistributedApplicationException>(() => builder.AddSample("SERVICE-1"));
        foreach (var name in new[] { "", "1st", "a--b", "a-", "a_b", new string('a', 65) })
            Should.Throw<DistributedApplicationException>(() => builder.AddSample(name));
    }
}
