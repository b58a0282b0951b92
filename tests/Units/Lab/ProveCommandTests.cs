using Lab.Proving;
using Messaging.Antipatterns;

namespace Units.Lab;

public sealed class ProveCommandTests
{
    [Theory]
    [InlineData("--transport rabbitmq", "--transport takes jetstream or kafka, not 'rabbitmq'.")]
    [InlineData("--seconds 0", "--seconds takes a number from 1 to 86,400, not '0'.")]
    [InlineData("--rate fast", "--rate takes a number from 1 to 2,000, not 'fast'.")]
    [InlineData("--seed x", "--seed takes a whole number, not 'x'.")]
    [InlineData("--coordination anarchy", "--coordination takes orchestration or choreography, not 'anarchy'.")]
    [InlineData("--seconds 86400 --rate 2000", "--seconds times --rate makes more than 500,000 orders; the lab keeps all of them in memory.")]
    [InlineData("--json /nowhere/proof.json", "--json takes a file in a directory that exists, not '/nowhere/proof.json'.")]
    [InlineData(
        "--antipattern no-compensation --coordination choreography",
        "--antipattern no-compensation is shown on the saga; choreography has none.")]
    [InlineData(
        "--antipattern ack-before-handle --coordination choreography",
        "--antipattern ack-before-handle is shown on the saga; choreography has none.")]
    public void A_bad_option_is_refused_before_anything_starts(string arguments, string message) =>
        ProveCommand.Create().Parse(arguments).Errors[^1].Message.ShouldBe(message);

    [Theory]
    [InlineData("--faults earthquake", "--faults: there is no fault 'earthquake'; there are kill,")]
    [InlineData("--antipattern hope", "--antipattern: there is no 'hope'; there are dual-write,")]
    public void What_is_unknown_is_told_with_what_there_is(string arguments, string beginning) =>
        ProveCommand.Create().Parse(arguments).Errors[^1].Message.ShouldStartWith(beginning);

    [Theory]
    [InlineData("")]
    [InlineData("--transport kafka --seconds 120 --rate 20 --seed 5 --json proof.json --html proof.html")]
    [InlineData("--faults kill,pause")]
    [InlineData("--faults none")]
    [InlineData("--antipattern dual-write")]
    [InlineData("--antipattern dual-write --coordination choreography")]
    public void Good_options_are_taken(string arguments) => ProveCommand.Create().Parse(arguments).Errors.ShouldBeEmpty();

    [Fact]
    public void Every_anti_pattern_has_a_control_with_what_must_break_and_faults_that_exist()
    {
        foreach (var control in NegativeControl.All)
        {
            control.MustBreak.ShouldBeInRange(1, 5);
            Should.NotThrow(() => control.On("jetstream").Count + control.On("kafka").Count);
        }

        NegativeControl.All.Select(control => control.Antipattern).ShouldBe(Antipattern.Names, ignoreOrder: true);
    }
}
