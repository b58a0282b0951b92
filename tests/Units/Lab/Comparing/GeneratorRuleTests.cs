using Lab.Comparing.Measuring;
using Lab.Comparing.Results;

namespace Units.Lab.Comparing;

public sealed class GeneratorRuleTests
{
    [Theory]
    [InlineData(2, 0.1)] // always allowed
    [InlineData(3, 6)] // half
    [InlineData(5, 10)] // half, and what is allowed all the same
    [InlineData(10, 100)] // a tenth
    [InlineData(20, 5_000)] // the most
    public void A_generator_that_is_a_little_late_measures_what_it_is_meant_to(double delay, double measured) =>
        GeneratorRule.Broken(Of(delay), Of(measured)).ShouldBeNull();

    [Theory]
    [InlineData(2.1, 0.1, "2.1 ms at p99, 2.0 ms are allowed")]
    [InlineData(3.1, 6, "3.1 ms at p99, 3.0 ms are allowed")]
    [InlineData(5.1, 20, "5.1 ms at p99, 5.0 ms are allowed")]
    [InlineData(10.1, 100, "10.1 ms at p99, 10.0 ms are allowed")]
    [InlineData(20.1, 5_000, "20.1 ms at p99, 20.0 ms are allowed")]
    public void A_generator_that_is_late_measures_itself(double delay, double measured, string told) =>
        GeneratorRule.Broken(Of(delay), Of(measured)).ShouldNotBeNull().ShouldEndWith(told);

    private static Latency Of(double p99) => new(1_000, p99 / 2, p99 / 2, p99 / 2, p99, p99, p99, []);
}
