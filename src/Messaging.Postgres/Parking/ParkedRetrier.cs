using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Tries parked messages again when they are due: takes a queue, gives its messages to the receive pipeline of their group, in order,
/// and says when the queue is due again. Any number of processes may do so side by side: a queue is in one's hands at a time.
/// </summary>
internal sealed partial class ParkedRetrier(
    NpgsqlDataSource dataSource,
    ReceivePipelines pipelines,
    ParkedSignal signal,
    IOptions<ParkedOptions> options,
    TimeProvider time,
    ILogger<ParkedRetrier> logger) : IHostedLifecycleService, IDisposable
{
    private const int MaxBatch = 100;

    // A claim is an open transaction: it holds back vacuum, and other queues that are due wait for their turn.
    private const int MostBatches = 10;

    // How soon the next queue is due that somebody may take; negative: it is due, but in other hands.
    private const string NextSql = "select min(due) - clock_timestamp() from messaging.parked_queues where due is not null and consumer = any($1)";

    private const int Nothing = 0;
    private const int Database = 1;
    private const int Handlers = 2;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _givingUp = new();
    private readonly string[] _consumers = [.. pipelines.Groups];
    private Task _work = Task.CompletedTask;
    private int _failing;

    /// <inheritdoc/>
    /// <remarks>Not before everything has started: the handlers are MassTransit's.</remarks>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_consumers.Length > 0)
            _work = Task.WhenAll(Enumerable.Range(0, options.Value.Retriers).Select(_ => RetryAsync(_stopping.Token)));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    /// <remarks>Before anything has stopped, for the same reason; what is in a handler's hands is finished.</remarks>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await using var hurry = cancellationToken.Register(_givingUp.Cancel);
        await _work;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stopping.Dispose();
        _givingUp.Dispose();
    }

    private async Task RetryAsync(CancellationToken stopping)
    {
        var pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var next = await TimeToNextAsync(stopping);
                if (next <= TimeSpan.Zero)
                {
                    while (await RetryOneQueueAsync(pause, stopping) is { } went)
                        pause = went ? FirstPause : Longer(pause);
                    next = await TimeToNextAsync(stopping);
                }

                Recovered(Database);
                await signal.WaitAsync(next > TimeSpan.Zero && next < options.Value.PollInterval ? next.Value : options.Value.PollInterval, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the messages are still there and no attempt was counted: the retrier must outlive it and say so.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Failed(exception, Database);
                await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = Longer(pause);
            }
        }
    }

    /// <summary>Takes up one queue that is due. Null when none is; false when it cannot be worked on for now.</summary>
    private async Task<bool?> RetryOneQueueAsync(TimeSpan pause, CancellationToken stopping)
    {
        await using var claim = await ParkedQueueClaim.TakeAsync(dataSource, _consumers, stopping);
        if (claim is null)
            return null;
        try
        {
            await RetryAsync(claim, stopping);
            Recovered(Handlers);
            return true;
        }
        catch (Exception exception) when (!_givingUp.IsCancellationRequested)
        {
            // Left due, it would be taken first the next time, too, and the others would never have their turn.
            if (!await claim.TryPostponeAsync(pause, _givingUp.Token))
                throw;
            Failed(exception, Handlers);
            return false;
        }
    }

    /// <summary>Goes through a queue until it is empty or a message fails.</summary>
    private async Task RetryAsync(ParkedQueueClaim claim, CancellationToken stopping)
    {
        var pipeline = pipelines.Of(claim.Consumer);
        var most = 1; // First the one that failed, alone; if it succeeds, what waited behind it follows in batches.
        for (var batches = 0; !stopping.IsCancellationRequested; batches++)
        {
            if (batches == MostBatches)
            {
                await claim.CommitAsync(dueIn: TimeSpan.Zero, _givingUp.Token);
                break;
            }

            var messages = await claim.ReadAsync(most, _givingUp.Token);
            if (messages.Count == 0)
            {
                await (claim.IsHeld ? claim.CommitAsync(dueIn: null, _givingUp.Token) : claim.RemoveAsync(_givingUp.Token));
                break;
            }

            var result = await pipeline.RetryAsync(messages, _givingUp.Token);
            if (result.IsOvertaken)
                break; // Our session was lost for a while. The queue is still due; what is left of it is seen next time.
            if (result.Parking is { } parking)
            {
                await claim.CommitAsync(parking.RetryIn, _givingUp.Token);
                break;
            }

            most = MaxBatch;
        }
    }

    /// <summary>How soon the next queue is due; null when none is.</summary>
    private async Task<TimeSpan?> TimeToNextAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(NextSql);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = _consumers });
        return await command.ExecuteScalarAsync(cancellationToken) as TimeSpan?;
    }

    private TimeSpan Longer(TimeSpan pause) => pause * 2 < options.Value.PollInterval * 10 ? pause * 2 : options.Value.PollInterval * 10;

    // One line per change of state, whichever of the retriers sees it first.
    private void Failed(Exception exception, int what)
    {
        if (Interlocked.CompareExchange(ref _failing, what, Nothing) == Nothing)
            LogFailing(exception, exception.GetBaseException().Message);
    }

    // That the database answers proves nothing about the handlers; a queue that went through proves both.
    private void Recovered(int what)
    {
        var was = what == Handlers ? Interlocked.Exchange(ref _failing, Nothing) : Interlocked.CompareExchange(ref _failing, Nothing, Database);
        if (was == Database || was == what)
            LogRecovered();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Parked messages cannot be tried again for now: {Reason}")]
    private partial void LogFailing(Exception exception, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Parked messages are tried again")]
    private partial void LogRecovered();
}
