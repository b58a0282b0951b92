using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Postgres;

/// <summary>What MassTransit asks of a saga repository while it handles one message. Tracks changes; writes nothing.</summary>
internal sealed class PostgresSagaContext<TSaga, TMessage>(ConsumeContext<TMessage> context, DbSet<TSaga> sagas, RowsByKey<TSaga> rows)
    : ConsumeContextScope<TMessage>(context), SagaRepositoryContext<TSaga, TMessage>
    where TSaga : class, ISaga
    where TMessage : class
{
    private readonly ConsumeContext<TMessage> _context = context;

    /// <summary>An instance that the first message of a saga makes; it is kept by <see cref="Save"/> unless that message ends it.</summary>
    public Task<SagaConsumeContext<TSaga, TMessage>> Add(TSaga instance) => ContextOf(instance);

    /// <summary>An instance to be there before its first message is handled.</summary>
    public async Task<SagaConsumeContext<TSaga, TMessage>> Insert(TSaga instance)
    {
        if (await FindAsync(instance.CorrelationId) is { } existing)
            return await ContextOf(existing);
        sagas.Add(instance);
        return await ContextOf(instance);
    }

    public async Task<SagaConsumeContext<TSaga, TMessage>> Load(Guid correlationId) =>
        await FindAsync(correlationId) is { } instance ? await ContextOf(instance) : null!; // MassTransit's word for "there is none"

    public Task Save(SagaConsumeContext<TSaga> context)
    {
        sagas.Add(context.Saga);
        return Task.CompletedTask;
    }

    public Task Update(SagaConsumeContext<TSaga> context) => Task.CompletedTask; // The change tracker knows.

    public Task Delete(SagaConsumeContext<TSaga> context)
    {
        sagas.Remove(context.Saga);
        return Task.CompletedTask;
    }

    public Task Discard(SagaConsumeContext<TSaga> context) => Task.CompletedTask; // It was never added.

    /// <summary>Takes back what a message did that may only read.</summary>
    public Task Undo(SagaConsumeContext<TSaga> context)
    {
        var entry = sagas.Entry(context.Saga);
        if (entry.State == EntityState.Modified)
        {
            entry.CurrentValues.SetValues(entry.OriginalValues);
            entry.State = EntityState.Unchanged;
        }

        return Task.CompletedTask;
    }

    public Task<SagaConsumeContext<TSaga, T>> CreateSagaConsumeContext<T>(
        ConsumeContext<T> consumeContext, TSaga instance, SagaConsumeContextMode mode)
        where T : class => Task.FromResult<SagaConsumeContext<TSaga, T>>(new DefaultSagaConsumeContext<TSaga, T>(consumeContext, instance));

    private Task<SagaConsumeContext<TSaga, TMessage>> ContextOf(TSaga instance) =>
        Task.FromResult<SagaConsumeContext<TSaga, TMessage>>(new DefaultSagaConsumeContext<TSaga, TMessage>(_context, instance));

    // An instance that an earlier message of the batch has ended is still tracked; it is as good as gone.
    private async Task<TSaga?> FindAsync(Guid correlationId) =>
        await rows.FindAsync(correlationId, _context.CancellationToken) is { } instance && sagas.Entry(instance).State != EntityState.Deleted
            ? instance
            : null;
}
