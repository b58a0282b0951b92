using Lab.Comparing;
using Lab.Running;

namespace Units.Lab.Comparing;

public sealed class CompareCommandTests
{
    [Theory]
    [InlineData("--transports rabbitmq", "--transports: there is no transport 'rabbitmq'; there are jetstream and kafka.")]
    [InlineData("--transports jetstream,rabbitmq", "--transports: there is no transport 'rabbitmq'; there are jetstream and kafka.")]
    [InlineData("--transports ,", "--transports takes jetstream and kafka, separated by commas.")]
    [InlineData("--out \"\"", "--out takes a directory.")]
    [InlineData("--durability always", "--durability takes default or synced, not 'always'.")]
    public void A_bad_option_is_refused_before_anything_starts(string arguments, string message) =>
        CompareCommand.Create().Parse(arguments).Errors[^1].Message.ShouldBe(message);

    [Theory]
    [InlineData("")]
    [InlineData("--quick --out results")]
    [InlineData("--transports kafka,jetstream --durability synced")]
    public void Good_options_are_taken(string arguments) => CompareCommand.Create().Parse(arguments).Errors.ShouldBeEmpty();

    [Fact]
    public async Task A_directory_that_cannot_be_written_to_is_told_before_anything_starts()
    {
        var file = Path.GetTempFileName();
        var errors = Console.Error;
        using var told = new StringWriter();
        Console.SetError(told);
        try
        {
            (await CompareCommand.Create().Parse(["--out", Path.Combine(file, "below")]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken)).ShouldBe(2);
        }
        finally
        {
            Console.SetError(errors);
            File.Delete(file);
        }

        told.ToString().ShouldStartWith($"--out: nothing can be written to '{Path.Combine(file, "below")}'");
    }

    [Theory]
    [InlineData("NATS JetStream", "2.9.10", false, false)]
    [InlineData("NATS JetStream", "2.10.0", false, true)]
    [InlineData("NATS JetStream", "2.12.1-RC.2", false, true)]
    [InlineData("NATS JetStream", null, false, false)]
    [InlineData("Kafka", null, true, false)]
    [InlineData("Apache Kafka", "4.1.0", false, true)]
    public void Only_a_broker_that_can_write_before_it_acknowledges_is_compared_so(string name, string? version, bool isEmbedded, bool can)
    {
        var broker = new BrokerDescription(name, version, isEmbedded);
        (Durability.Synced.Hindrance(broker) is null).ShouldBe(can);
        Durability.Default.Hindrance(broker).ShouldBeNull();
    }
}
