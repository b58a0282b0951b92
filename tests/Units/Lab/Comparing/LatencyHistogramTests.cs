using System.Diagnostics;
using Lab.Comparing.Measuring;

namespace Units.Lab.Comparing;

public sealed class LatencyHistogramTests
{
    private static readonly decimal[] Percentiles = [10, 50, 90, 99, 99.9m];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Every_percentile_is_within_one_percent_of_the_exact_one_and_never_below_it(int seed)
    {
        var values = Durations(seed);
        var histogram = Of(values);
        Array.Sort(values);

        foreach (var percentile in Percentiles)
        {
            var exact = values[(int)Math.Ceiling(values.Length * percentile / 100) - 1];
            ((double)histogram.At(percentile)).ShouldBeInRange(exact, exact * 1.01);
        }

        histogram.At(0).ShouldBe(values[0]);
        histogram.At(100).ShouldBe(values[^1]);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Histograms_merged_tell_what_one_of_all_values_tells(int seed)
    {
        var (some, others) = (Durations(seed), Durations(seed + 100));
        var both = Of(some);
        both.Add(Of(others));
        both.Add(new LatencyHistogram());

        var (merged, whole) = (both.Summarize(), Of([.. some, .. others]).Summarize());

        merged.Curve.ShouldBe(whole.Curve);
        (merged with { Curve = [] }).ShouldBe(whole with { Curve = [] });
    }

    [Fact]
    public void Merging_into_nothing_changes_nothing()
    {
        var values = Durations(9);

        LatencyHistogram.Of([new LatencyHistogram(), Of(values)]).Summarize().Curve.ShouldBe(Of(values).Summarize().Curve);
    }

    [Fact]
    public void Count_mean_and_longest_are_exact()
    {
        var values = Durations(10);

        var told = Of(values).Summarize();

        told.Count.ShouldBe(values.Length);
        told.Mean.ShouldBe(values.Average(value => value / 1e6), tolerance: 1e-6);
        told.Max.ShouldBe(values.Max() / 1e6);
    }

    [Fact]
    public void Every_value_of_the_whole_range_has_its_place()
    {
        var histogram = new LatencyHistogram();
        for (var power = 0; power < 63; power++)
        {
            foreach (var value in (long[])[(1L << power) - 1, 1L << power, (1L << power) + 1])
            {
                var single = new LatencyHistogram();
                single.RecordNanoseconds(value);
                single.RecordNanoseconds(long.MaxValue);
                ((double)single.At(50)).ShouldBeInRange(value, value * 1.01);
                histogram.RecordNanoseconds(value);
            }
        }

        histogram.RecordNanoseconds(long.MaxValue);
        histogram.Count.ShouldBe((63 * 3) + 1);
        histogram.At(100).ShouldBe(long.MaxValue);
    }

    [Fact]
    public void Nothing_of_nothing()
    {
        var told = new LatencyHistogram().Summarize();

        told.Count.ShouldBe(0);
        told.Curve.ShouldBeEmpty();
        told.Max.ShouldBe(0);
    }

    [Theory]
    [InlineData(1, new double[] { 0, 100 })]
    [InlineData(10, new double[] { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 })]
    [InlineData(1_000, new[] { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 100 })]
    [InlineData(10_000, new[] { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.99, 100 })]
    public void The_curve_goes_as_far_as_the_count_allows(int count, double[] percentiles)
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= count; i++) histogram.Record(TimeSpan.FromMilliseconds(i));

        var curve = histogram.Summarize().Curve;

        curve.Select(point => point.Percentile).ShouldBe(percentiles);
        curve.Select(point => point.Milliseconds).ShouldBeInOrder(SortDirection.Ascending);
        curve[0].Milliseconds.ShouldBe(1);
        curve[^1].Milliseconds.ShouldBe(count);
    }

    [Fact]
    public void A_duration_that_ends_before_it_begins_is_an_error()
    {
        var histogram = new LatencyHistogram();

        Should.Throw<ArgumentOutOfRangeException>(() => histogram.Record(from: 2, to: 1));
        Should.Throw<ArgumentOutOfRangeException>(() => histogram.Record(TimeSpan.FromTicks(-1)));
        histogram.Count.ShouldBe(0);
    }

    [Fact]
    public void Timestamps_are_told_in_time()
    {
        var histogram = new LatencyHistogram();

        histogram.Record(from: 5, to: 5 + (60 * Stopwatch.Frequency));

        histogram.Summarize().Max.ShouldBe(60_000);
    }

    [Fact]
    public async Task Nothing_is_lost_when_several_record_at_once()
    {
        var histogram = new LatencyHistogram();

        await Parallel.ForEachAsync(Enumerable.Range(1, 8), TestContext.Current.CancellationToken, async (writer, cancel) =>
        {
            await Task.Yield();
            for (var i = 0; i < 20_000; i++) histogram.RecordNanoseconds((writer * 1_000_000) + i);
            cancel.ThrowIfCancellationRequested();
        });

        var told = histogram.Summarize();
        told.Count.ShouldBe(160_000);
        told.Max.ShouldBe(8.019999);
        told.Curve[0].Milliseconds.ShouldBe(1);
    }

    private static LatencyHistogram Of(IEnumerable<long> nanoseconds)
    {
        var histogram = new LatencyHistogram();
        foreach (var value in nanoseconds) histogram.RecordNanoseconds(value);
        return histogram;
    }

    // From nanoseconds to hours, as many of each size.
    private static long[] Durations(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, random.Next(2_000, 20_000)).Select(_ => (long)Math.Pow(10, random.NextDouble() * 13))];
    }
}
