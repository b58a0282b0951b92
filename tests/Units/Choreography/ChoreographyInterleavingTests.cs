namespace Units.Choreography;

/// <summary>
/// One order among services that react to each other: chance decides who hears what next, what comes twice, when the customer cancels
/// and when the deadline passes; however it goes, the promises hold.
/// </summary>
public sealed class ChoreographyInterleavingTests
{
    [Fact]
    public void Whatever_crosses_whatever_every_order_ends_once_and_no_money_or_stock_is_left_behind()
    {
        var ends = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var seed = 0; seed < 20_000; seed++)
        {
            var world = new ReactingWorld(seed);
            try
            {
                world.Run();
                world.ShouldHaveKeptItsPromises();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed} after:{Environment.NewLine}{world.History}", exception);
            }

            ends[world.End] = ends.GetValueOrDefault(world.End) + 1;
        }

        // The worlds are worth something only if they end in every way, and for every reason.
        ends.Keys.ShouldBe(
        [
            "Confirmed", "Rejected: none left", "Rejected: declined", "Cancelled: cancelled by the customer",
            "Cancelled: the stock was not reserved in time", "Cancelled: the payment was not authorised in time",
        ], ignoreOrder: true);
        ends.Values.Min().ShouldBeGreaterThan(200);
    }
}
