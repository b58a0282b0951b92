using Lab.Demo;

namespace Units.Lab;

public sealed class DemoCommandTests
{
    [Theory]
    [InlineData("--transport rabbitmq", "--transport takes jetstream or kafka, not 'rabbitmq'.")]
    [InlineData("--coordination anarchy", "--coordination takes orchestration or choreography, not 'anarchy'.")]
    [InlineData("--orders 0", "--orders takes a number from 1 to 100,000, not '0'.")]
    [InlineData("--orders 100001", "--orders takes a number from 1 to 100,000, not '100001'.")]
    [InlineData("--orders many", "--orders takes a number from 1 to 100,000, not 'many'.")]
    [InlineData("--inventory-replicas 0", "--inventory-replicas takes a number from 1 to 8, not '0'.")]
    [InlineData("--seed x", "--seed takes a whole number, not 'x'.")]
    [InlineData("--json /nowhere/report.json", "--json takes a file in a directory that exists, not '/nowhere/report.json'.")]
    [InlineData("--log /nowhere/demo.log", "--log takes a file in a directory that exists, not '/nowhere/demo.log'.")]
    [InlineData("--bogus", "Unrecognized command or argument '--bogus'.")]
    public void A_bad_option_is_refused_before_anything_starts(string arguments, string message) =>
        DemoCommand.Create().Parse(arguments).Errors[^1].Message.ShouldBe(message);

    [Theory]
    [InlineData("")]
    [InlineData("--transport kafka --orders 500 --seed -3 --json report.json --log demo.log")]
    [InlineData("--transport=jetstream --orders=1")]
    [InlineData("--coordination choreography")]
    [InlineData("--orders 2000 --inventory-replicas 2 --disturb")]
    public void Good_options_are_taken(string arguments) => DemoCommand.Create().Parse(arguments).Errors.ShouldBeEmpty();
}
