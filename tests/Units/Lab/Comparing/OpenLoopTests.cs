using System.Diagnostics;
using Lab.Comparing.Measuring;

namespace Units.Lab.Comparing;

public sealed class OpenLoopTests
{
    [Fact]
    public async Task Every_send_has_its_own_time_and_none_is_skipped()
    {
        var sent = new List<(int Index, long Intended, long Now)>();
        var loop = new OpenLoop(perSecond: 2_000);

        await loop.RunAsync(600, (index, intended) => sent.Add((index, intended, Stopwatch.GetTimestamp())), TestContext.Current.CancellationToken);

        sent.Select(each => each.Index).ShouldBe(Enumerable.Range(0, 600));
        sent.ShouldAllBe(each => each.Intended == sent[0].Intended + (each.Index * Stopwatch.Frequency / 2_000));
        sent.ShouldAllBe(each => each.Now >= each.Intended);
        loop.Delay.Count.ShouldBe(600);
    }

    [Fact]
    public async Task The_rate_does_not_hang_on_the_timer()
    {
        var count = 0;
        var began = Stopwatch.GetTimestamp();

        await new OpenLoop(perSecond: 50_000).RunAsync(25_000, (_, _) => count++, TestContext.Current.CancellationToken);

        count.ShouldBe(25_000);
        // A machine that is busy with other things may take longer, but by no means a timer's tick for each.
        Stopwatch.GetElapsedTime(began).ShouldBeInRange(TimeSpan.FromMilliseconds(499), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task What_holds_the_sender_up_is_made_up_for_and_on_record()
    {
        var loop = new OpenLoop(perSecond: 1_000);

        await loop.RunAsync(
            200,
            (index, intended) =>
            {
                // A sender that does not return for 100 ms.
                if (index == 10) SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(intended) > TimeSpan.FromMilliseconds(100));
            },
            TestContext.Current.CancellationToken);

        loop.Delay.Count.ShouldBe(200);
        loop.Delay.At(100).ShouldBeGreaterThan(90_000_000);
        loop.Delay.At(80).ShouldBeGreaterThan(40_000_000, "as many as were due meanwhile were late");
    }

    [Fact]
    public async Task The_first_are_not_on_record()
    {
        var loop = new OpenLoop(perSecond: 10_000, warmUp: 70);

        await loop.RunAsync(100, (_, _) => { }, TestContext.Current.CancellationToken);

        loop.Delay.Count.ShouldBe(30);
    }

    [Fact]
    public async Task It_ends_when_it_is_told()
    {
        using var ending = new CancellationTokenSource();
        var sent = 0;

        await Should.ThrowAsync<OperationCanceledException>(() => new OpenLoop(perSecond: 100).RunAsync(
            1_000_000,
            (_, _) =>
            {
                if (++sent == 3) ending.Cancel();
            },
            ending.Token));

        sent.ShouldBe(3);
    }

    [Fact]
    public async Task What_a_send_throws_ends_it() =>
        await Should.ThrowAsync<InvalidOperationException>(() => new OpenLoop(perSecond: 1_000).RunAsync(
            5, (_, _) => throw new InvalidOperationException(), TestContext.Current.CancellationToken));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void A_rate_is_above_nothing(double rate) => Should.Throw<ArgumentOutOfRangeException>(() => new OpenLoop(rate));
}
