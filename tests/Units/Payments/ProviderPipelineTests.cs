using Payments;
using Payments.CallingTheProvider;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Units.Payments;

public sealed class ProviderPipelineTests
{
    private readonly ProviderOptions _options = new()
    {
        AttemptTimeout = TimeSpan.FromMilliseconds(50), CallTimeout = TimeSpan.FromSeconds(5), Pause = TimeSpan.FromMilliseconds(2), BreakDuration = TimeSpan.FromMinutes(1),
    };

    [Fact]
    public async Task A_provider_out_of_order_is_asked_again_in_place()
    {
        var calls = 0;

        var answer = await CallAsync(PaymentState.Authorizing, _ => ++calls < 3 ? throw new ProviderUnavailableException(503) : Task.FromResult(42));

        answer.ShouldBe(42);
        calls.ShouldBe(3);
    }

    [Fact]
    public async Task A_cut_connection_is_tried_again_in_place()
    {
        var calls = 0;

        await CallAsync(PaymentState.Voiding, _ => ++calls < 2 ? throw new HttpRequestException("cut") : Task.FromResult(0));

        calls.ShouldBe(2);
    }

    [Fact]
    public async Task Retries_in_place_end()
    {
        var calls = 0;

        await Should.ThrowAsync<ProviderUnavailableException>(
            () => CallAsync(PaymentState.Authorizing, _ => ++calls > 0 ? throw new ProviderUnavailableException(503) : Task.FromResult(0)));

        calls.ShouldBe(1 + _options.Retries);
    }

    [Fact]
    public async Task A_call_that_hangs_gives_its_place_up_after_one_attempt()
    {
        var calls = 0;

        await Should.ThrowAsync<TimeoutRejectedException>(() => CallAsync(PaymentState.Authorizing, async token =>
        {
            calls++;
            await Task.Delay(Timeout.Infinite, token);
            return 0;
        }));

        calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_is_not_tried_again()
    {
        var calls = 0;

        await Should.ThrowAsync<ProviderRefusedException>(() => CallAsync(PaymentState.Capturing, _ => ++calls > 0
            ? throw new ProviderRefusedException(Guid.Empty, PaymentState.Capturing, 409, "not authorised")
            : Task.FromResult(0)));

        calls.ShouldBe(1);
    }

    [Fact]
    public async Task Authorisations_that_fail_open_their_circuit_and_leave_the_one_of_voids_closed()
    {
        var pipelines = AProvider.Pipelines(_options, TimeProvider.System);
        var calls = 0;
        for (var i = 0; i < 20; i++)
        {
            await Should.ThrowAsync<Exception>(async () => await pipelines.For(PaymentState.Authorizing).ExecuteAsync<int>(
                _ => ++calls > 0 ? throw new ProviderUnavailableException(503) : default, TestContext.Current.CancellationToken));
        }

        calls.ShouldBe(20);
        (await Should.ThrowAsync<BrokenCircuitException>(async () => await pipelines.For(PaymentState.Authorizing).ExecuteAsync(
            _ => ValueTask.FromResult(++calls), TestContext.Current.CancellationToken))).RetryAfter.ShouldNotBeNull();
        calls.ShouldBe(20);
        (await pipelines.For(PaymentState.Voiding).ExecuteAsync(_ => ValueTask.FromResult(7), TestContext.Current.CancellationToken)).ShouldBe(7);
    }

    [Fact]
    public void The_pauses_between_attempts_grow_and_stay_below_their_bound()
    {
        var options = new ProviderOptions();

        for (var attempts = 1; attempts < 60; attempts++)
        {
            var full = Math.Min(15_000, 200 * Math.Pow(2, attempts - 1));
            options.PauseAfter(attempts).TotalMilliseconds.ShouldBeInRange(full / 2, full);
        }
    }

    private async Task<int> CallAsync(PaymentState state, Func<CancellationToken, Task<int>> call) =>
        await AProvider.Pipelines(_options, TimeProvider.System).For(state)
            .ExecuteAsync(async token => await call(token), TestContext.Current.CancellationToken);
}
