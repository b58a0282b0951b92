using Lab.Comparing.Flows;
using Lab.Comparing.Results;

namespace Units.Lab.Comparing.Flows;

public sealed class FlowLimitTests
{
    [Theory]
    [InlineData(200, 200, 900, null)]
    [InlineData(200, 188, 1_000, null)]
    [InlineData(200, 187, 1_000, "orders piled up: 187 ended while 200 were sent")]
    [InlineData(200, 180, 20, "orders piled up: 180 ended while 200 were sent")]
    [InlineData(4, 2, 20, null)]
    [InlineData(200, 199, 1_001, "p99 was 1001 ms")]
    public void A_run_is_sustained_when_orders_are_quick_enough_and_do_not_pile_up(int sent, int ended, double p99, string? broken) =>
        new FlowLimit().Broken(sent, ended, new Latency(100, 10, 10, 10, p99, p99, p99, [])).ShouldBe(broken);
}
