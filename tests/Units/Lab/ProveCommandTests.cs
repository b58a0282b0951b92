using Lab.Proving;

namespace Units.Lab;

public sealed class ProveCommandTests
{
    [Theory]
    [InlineData("--transport rabbitmq", "--transport takes jetstream or kafka, not 'rabbitmq'.")]
    [InlineData("--seconds 0", "--seconds takes a number from 1 to 86,400, not '0'.")]
    [InlineData("--rate fast", "--rate takes a number from 1 to 2,000, not 'fast'.")]
    [InlineData("--seed x", "--seed takes a whole number, not 'x'.")]
    [InlineData("--coordination anarchy", "--coordination takes orchestration or choreography, not 'anarchy'.")]
    [InlineData("--json /nowhere/proof.json", "--json takes a file in a directory that exists, not '/nowhere/proof.json'.")]
    [InlineData(
        "--antipattern no-compensation --coordination choreography",
        "--antipattern no-compensation takes the compensation out of the saga; choreography has none.")]
    public void A_bad_option_is_refused_before_anything_starts(string arguments, string message) =>
        ProveCommand.Create().Parse(arguments).Errors[^1].Message.ShouldBe(message);

    [Theory]
    [InlineData("--faults earthquake", "--faults: there is no fault 'earthquake'; there are kill,")]
    [InlineData("--antipattern hope", "--antipattern: there is no 'hope'; there are dual-write,")]
    public void What_is_unknown_is_told_with_what_there_is(string arguments, string beginning) =>
        ProveCommand.Create().Parse(arguments).Errors[^1].Message.ShouldStartWith(beginning);

    [Theory]
    [InlineData("")]
    [InlineData("--transport kafka --seconds 120 --rate 20 --seed 5 --json proof.json")]
    [InlineData("--faults kill,pause")]
    [InlineData("--faults none")]
    [InlineData("--antipattern dual-write")]
    public void Good_options_are_taken(string arguments) => ProveCommand.Create().Parse(arguments).Errors.ShouldBeEmpty();

    [Fact]
    public void Every_control_names_what_must_break_and_faults_that_exist()
    {
        foreach (var control in NegativeControl.All)
        {
            control.MustBreak.ShouldNotBeEmpty();
            Should.NotThrow(() => control.Kinds.Count);
        }
    }
}
