using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>
/// Asks the transport once a second how far behind this process is: a gauge per partition, and the health of the broker. While the
/// transport does not say there is no gauge: an old figure would look like one of now.
/// </summary>
internal sealed partial class LagMonitor : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    private readonly ITransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger<LagMonitor> _logger;
    private readonly Meter _meter;
    private volatile IReadOnlyList<PartitionLag> _lag = [];
    private volatile string? _trouble = "the broker has not been asked yet";

    public LagMonitor(ITransport transport, IMeterFactory meters, TimeProvider time, ILogger<LagMonitor> logger)
    {
        _transport = transport;
        _time = time;
        _logger = logger;
        _meter = meters.Create(MessagingDiagnostics.Name);
        _meter.CreateObservableGauge("messaging.consumer.lag", Observe, "{message}", "Messages of a partition not settled yet.");
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_trouble is { } trouble
            ? new HealthCheckResult(context.Registration.FailureStatus, $"{_transport.Name}: {trouble}")
            : HealthCheckResult.Healthy(_transport.Name));

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        do
            await AskAsync(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task AskAsync(CancellationToken stoppingToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        deadline.CancelAfter(AnswerWithin);
        try
        {
            _lag = await _transport.GetLagAsync(deadline.Token);
            if (_trouble is not null)
                LogReachable(_transport.Name);
            _trouble = null;
        }
        catch (Exception exception) when (exception is TransportException || (exception is OperationCanceledException && !stoppingToken.IsCancellationRequested))
        {
            var trouble = exception is TransportException ? exception.Message : $"no answer within {AnswerWithin.TotalSeconds:0} s";
            if (_trouble is null)
                LogUnreachable(_transport.Name, trouble);
            (_lag, _trouble) = ([], trouble);
        }
    }

    private IEnumerable<Measurement<long>> Observe() => _lag.Select(lag => new Measurement<long>(
        lag.Messages, new("consumer", lag.Group), new("topic", lag.Topic), new KeyValuePair<string, object?>("partition", lag.Partition)));

    [LoggerMessage(LogLevel.Information, "{Transport} is reachable")]
    private partial void LogReachable(string transport);

    [LoggerMessage(LogLevel.Warning, "{Transport} is not reachable: {Cause}")]
    private partial void LogUnreachable(string transport, string cause);
}
