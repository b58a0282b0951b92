using System.Diagnostics;
using Lab.Checking;
using Lab.Comparing.Measuring;
using Lab.Comparing.Results;
using Lab.Placing;
using Lab.Reading;
using Lab.Running;

namespace Lab.Comparing.Flows;

/// <summary>A running system whose orders are measured from outside, one run after another.</summary>
internal sealed class FlowUnderTest : IAsyncDisposable
{
    // The first orders find everything cold: enough of them that what runs often has been compiled for good.
    private const int WarmUpOrders = 2_000;
    private const int WarmUpAtOnce = 100;
    private const double WarmUpRate = 200;

    private static readonly TimeSpan LongestTail = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly OrderSender _sender;
    private readonly DatabaseWork _databases;
    private readonly HttpClient _http = new();
    private readonly FlowLimit _limit;
    private int _seed;

    private FlowUnderTest(RunningSystem system, FlowLimit limit)
    {
        (System, _limit) = (system, limit);
        Watch = new EndWatch(system.ConnectTransport(TimeProvider.System), TimeProvider.System);
        _sender = new OrderSender(system.Replicas("orders")[0].Address);
        _databases = new DatabaseWork(system.ConnectionString(RunningSystem.Databases[0]));
    }

    /// <summary>The system.</summary>
    public RunningSystem System { get; }

    /// <summary>Tells how orders ended.</summary>
    public EndWatch Watch { get; }

    /// <summary>Starts a system and warms it up.</summary>
    /// <param name="options">What is to run.</param>
    /// <param name="extent">How long it may be warmed up, and what a run has to keep.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LabException">It did not start, or not even the first orders came to their end.</exception>
    public static async Task<FlowUnderTest> StartAsync(SystemOptions options, FlowExtent extent, CancellationToken cancellationToken)
    {
        var system = await RunningSystem.StartAsync(options, cancellationToken);
        FlowUnderTest? flow = null;
        try
        {
            flow = new FlowUnderTest(system, extent.Limit);
            await flow.WarmUpAsync(extent.WarmUp, cancellationToken);
            return flow;
        }
        catch
        {
            await (flow?.DisposeAsync() ?? system.DisposeAsync());
            throw;
        }
    }

    /// <summary>Sends orders at a rate and waits for their ends.</summary>
    /// <param name="phase">What the run is called.</param>
    /// <param name="repeat">Which repeat it is.</param>
    /// <param name="rate">Orders per second.</param>
    /// <param name="leadIn">How long orders are sent before those that count.</param>
    /// <param name="duration">How long orders are sent that count.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<FlowRun> RunAsync(
        string phase, int repeat, double rate, TimeSpan leadIn, TimeSpan duration, CancellationToken cancellationToken)
    {
        var lead = (int)Math.Round(rate * leadIn.TotalSeconds);
        var bodies = Bodies(lead + Math.Max(1, (int)Math.Round(rate * duration.TotalSeconds)));
        var (early, orders) = (new PlacedOrders(), new PlacedOrders());
        var first = await SendAsync(bodies[..lead], rate, early, cancellationToken);

        // Beside the orders: a pause in the sending would let the system run empty, and what fills it again would look like orders that
        // pile up. Where none are on their way, the first is not to meet it.
        var before = CountAsync(cancellationToken);
        if (lead == 0) await before;
        await using var usage = ProcessUsage.Start(Processes());
        var began = Stopwatch.GetTimestamp();
        var measured = SendMeasuredAsync();
        await Task.WhenAll(before, measured);
        var (loop, over, used, workAfter) = await measured;
        var (work, metrics) = await before;

        await Task.WhenAll(first.Answered, loop.Answered);
        await EndAsync(early, cancellationToken);
        await EndAsync(orders, cancellationToken);
        var metricsAfter = await ServiceMetrics.ReadAsync(System, _http, cancellationToken);
        var ended = early.CountEnded(Watch, began, over) + orders.CountEnded(Watch, began, over);
        var window = new FlowWindow(Stopwatch.GetElapsedTime(began, over), ended, used, work, workAfter);
        var (accept, rest, whole) = orders.Measure(Watch);
        var (accepted, all) = (accept.Summarize(), whole.Summarize());
        return Judged(bodies.Length - lead, loop.Delay.Summarize(), all, window, Missing(early) ?? Missing(orders), new FlowRun
        {
            Phase = phase,
            Repeat = repeat,
            Offered = rate,
            Ended = Math.Round(window.Ended / window.Took.TotalSeconds, 1),
            Seconds = Math.Round(window.Took.TotalSeconds, 1),
            Orders = bodies.Length - lead,
            SendDelay = loop.Delay.Summarize(),
            Accept = accepted,
            AcceptToEnd = rest.Summarize(),
            Whole = all,
            Stages = OrderLife.Of(metrics, metricsAfter, accepted.Mean, all.Mean),
            Processes = window.Processes,
            Databases = window.Databases,
            ProcessorMillisecondsPerOrder = window.ProcessorMillisecondsPerOrder,
        });

        // The window ends with the sending, however long the reading takes.
        async Task<(Sending Loop, long Over, IReadOnlyList<UsedByProcess> Used, IReadOnlyDictionary<string, Counters> Work)> SendMeasuredAsync()
        {
            var sending = await SendAsync(bodies[lead..], rate, orders, cancellationToken);
            return (sending, Stopwatch.GetTimestamp(), await usage.StopAsync(), await _databases.ReadAsync(cancellationToken));
        }
    }

    /// <summary>Whether the run counts, and whether it was sustained. Of one whose orders are not all accounted for no figure counts.</summary>
    private FlowRun Judged(int sent, Latency delay, Latency whole, FlowWindow window, string? missing, FlowRun run)
    {
        var refused = missing ?? _limit.Generator(delay, whole);
        var because = refused ?? _limit.Broken(sent, window.Ended, whole);
        return run with { IsRefused = refused is not null, IsIncomplete = missing is not null, IsSustained = because is null, Because = because };
    }

    /// <summary>Sends orders at a rate; returns when the last was sent, not when it was answered.</summary>
    public async Task<Sending> SendAsync(IReadOnlyList<byte[]> bodies, double rate, PlacedOrders orders, CancellationToken cancellationToken)
    {
        var answers = new Task[bodies.Count];
        var loop = new OpenLoop(rate);
        await loop.RunAsync(bodies.Count, (index, intended) => answers[index] = SendOneAsync(bodies[index], intended, orders, cancellationToken), cancellationToken);
        return new Sending(loop.Delay, Task.WhenAll(answers));
    }

    /// <summary>Orders that are confirmed unless something goes wrong; others each time.</summary>
    public byte[][] Bodies(int count) => [.. OrderMix.OfPath(OrderPath.Confirmed, count, ++_seed).Select(OrderSender.BodyOf)];

    /// <summary>Waits until all of these have ended.</summary>
    /// <returns>False when that took longer than a minute; some are left then.</returns>
    public async Task<bool> EndAsync(PlacedOrders orders, CancellationToken cancellationToken)
    {
        for (var began = Stopwatch.GetTimestamp(); orders.CountEnded(Watch) < orders.Accepted.Count; await Task.Delay(Look, cancellationToken))
        {
            if (Stopwatch.GetElapsedTime(began) > LongestTail) return false;
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Watch.DisposeAsync();
            _sender.Dispose();
            _http.Dispose();
            await _databases.DisposeAsync();
        }
        finally
        {
            await System.DisposeAsync(); // Else it would run on beside whatever is measured next.
        }
    }

    // A few at a time: a system that is still cold is not to begin with a heap of orders.
    private async Task WarmUpAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < WarmUpOrders && Stopwatch.GetElapsedTime(began) < longest; sent += WarmUpAtOnce)
        {
            var orders = new PlacedOrders();
            var sending = await SendAsync(Bodies(WarmUpAtOnce), WarmUpRate, orders, cancellationToken);
            await sending.Answered;
            await EndAsync(orders, cancellationToken);
            if (Missing(orders) is { } missing) throw new LabException($"the flow did not warm up: {missing}");
        }
    }

    private async Task SendOneAsync(byte[] body, long intended, PlacedOrders orders, CancellationToken cancellationToken)
    {
        try
        {
            var orderId = await _sender.SendAsync(body, cancellationToken);
            orders.Add(new PlacedOrder(orderId, intended, Stopwatch.GetTimestamp()));
        }
        catch (LabException failure)
        {
            orders.Fail(failure.Message);
        }
    }

    /// <summary>What is wrong with the orders of a run: what was sent must have been accepted and confirmed, all of it.</summary>
    public string? Missing(PlacedOrders orders)
    {
        if (orders.Failures.FirstOrDefault() is { } first) return $"{orders.Failures.Count} orders were not accepted: {first}";
        var open = orders.Accepted.Count(order => Watch.EndOf(order.OrderId) is null);
        if (open > 0) return $"{open} orders had not ended {LongestTail.TotalSeconds:0} s after the last was sent";
        var others = orders.Accepted.Count(order => Watch.EndOf(order.OrderId)?.State != OrderStates.Confirmed);
        return others > 0 ? $"{others} orders were not confirmed" : null;
    }

    private async Task<(IReadOnlyDictionary<string, Counters> Work, ServiceMetrics Metrics)> CountAsync(CancellationToken cancellationToken) =>
        (await _databases.ReadAsync(cancellationToken), await ServiceMetrics.ReadAsync(System, _http, cancellationToken));

    private IReadOnlyList<WatchedProcess> Processes() =>
    [
        .. ((string[])[.. RunningSystem.Services, "postgres", System.Broker])
            .Select(name => new WatchedProcess(name, () => [.. System.Processes(name).Select(process => process.ProcessId)])),
        WatchedProcess.Lab,
    ];
}

/// <summary>Orders that have been sent.</summary>
/// <param name="Delay">How late each was sent.</param>
/// <param name="Answered">Ends when the last is answered.</param>
internal sealed record Sending(LatencyHistogram Delay, Task Answered);
