using System.Globalization;

namespace Lab.Faults;

/// <summary>
/// A bad deployment: for some keys the handlers of a service fail, whatever the message. Those messages are parked and tried again; once the
/// deployment is taken back, they succeed.
/// </summary>
internal sealed record HandlerFailingFault() : Fault("handler-failing", FaultArea.Service)
{
    private static readonly (string Target, string Database, string Table)[] Places =
    [
        ("orders-handlers", "orders-db", "orders.order_views"),
        ("inventory-handlers", "inventory-db", "inventory.reservations"),
        ("payments-handlers", "payments-db", "payments.payments"),
    ];

    public override string Description => "the handlers of a service fail for one key in four, as after a bad deployment";

    // Shorter than a message is tried again for: nothing of it dies.
    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    public override IReadOnlyList<string> Targets(FaultSite site) => [.. Places.Select(place => place.Target)];

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var (_, database, table) = Places.Single(place => place.Target == target);
        try
        {
            await DatabaseSession.ExecuteAsync(
                site,
                database,
                $"""
                SET lock_timeout = '10s';
                CREATE OR REPLACE FUNCTION public.fail_some() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF get_byte(uuid_send(NEW.order_id), 15) % 4 = 0 THEN RAISE EXCEPTION 'this version cannot handle order %', NEW.order_id; END IF;
                  RETURN NEW;
                END $$;
                DROP TRIGGER IF EXISTS fail_some ON {table};
                CREATE TRIGGER fail_some BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION public.fail_some();
                """,
                cancellationToken);
            await Task.Delay(duration, site.Clock, cancellationToken);
        }
        finally
        {
            await DatabaseSession.ExecuteAsync(
                site, database, $"DROP TRIGGER IF EXISTS fail_some ON {table}; DROP FUNCTION IF EXISTS public.fail_some()", CancellationToken.None);
        }

        return string.Create(CultureInfo.InvariantCulture, $"writing {table} failed for some keys for {duration.TotalSeconds:0.0} s");
    }
}
