using Polly;
using Polly.Timeout;

namespace Patterns.Antipatterns;

/// <summary>Calls somebody else's API with a time limit and nothing more. What holds instead: <see cref="CircuitBreakerTests"/>.</summary>
public sealed class NoBreakerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_single_call_waits_for_its_time_limit_while_the_provider_is_down()
    {
        var timeout = new ResiliencePipelineBuilder().AddTimeout(TimeSpan.FromMilliseconds(20)).Build();
        var calls = 0;

        for (var payment = 0; payment < 20; payment++)
        {
            await Should.ThrowAsync<TimeoutRejectedException>(async () => await timeout.ExecuteAsync(async token =>
            {
                calls++;
                await Task.Delay(Timeout.Infinite, token);
            }, Cancelled));
        }

        calls.ShouldBe(20, "a breaker would have spared the provider, and us, all but the first few");
    }

    [Fact]
    public async Task The_workers_are_all_stuck_in_the_provider_that_is_down_and_none_is_left_for_what_would_work()
    {
        using var workers = new SemaphoreSlim(4);
        var down = new TaskCompletionSource();
        var hanging = Enumerable.Range(0, 20).Select(_ => WorkAsync(() => down.Task)).ToList();

        var elsewhere = WorkAsync(() => Task.CompletedTask);

        workers.CurrentCount.ShouldBe(0);
        elsewhere.IsCompleted.ShouldBeFalse();
        down.SetResult();
        await Task.WhenAll([.. hanging, elsewhere]);

        async Task WorkAsync(Func<Task> call)
        {
            await workers.WaitAsync(Cancelled);
            try
            {
                await call();
            }
            finally
            {
                workers.Release();
            }
        }
    }
}
