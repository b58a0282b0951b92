using Lab.Comparing.Flows;

namespace Units.Lab.Comparing.Flows;

public sealed class CapacitySearchTests
{
    [Theory]
    [InlineData(100, 730, 2, new double[] { 100, 200, 400, 800, 600, 700 }, 700.0)]
    [InlineData(100, 100, 2, new double[] { 100, 200, 150, 125 }, 100.0)]
    [InlineData(100, 30, 1, new double[] { 100, 50, 25, 38 }, 25.0)]
    [InlineData(100, 0, 3, new double[] { 100, 50, 25, 12.5, 6.25 }, null)]
    [InlineData(100, 5_000, 2, new double[] { 100, 200, 400, 800, 1_000 }, 1_000.0)]
    public async Task Doubles_until_it_fails_and_halves_the_gap(double first, double limit, int refinements, double[] tried, double? found)
    {
        var rates = new List<double>();
        var capacity = await CapacitySearch.FindAsync(first, most: 1_000, refinements, rate =>
        {
            rates.Add(rate);
            return Task.FromResult(rate <= limit);
        });
        rates.ShouldBe(tried);
        capacity.ShouldBe(found);
    }
}
