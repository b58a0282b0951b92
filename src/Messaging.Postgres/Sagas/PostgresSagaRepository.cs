using MassTransit;
using MassTransit.Saga;

namespace Messaging.Postgres;

/// <summary>
/// Keeps a saga's instances in the DbContext of the scope in which a message is handled. Loading goes through the change
/// tracker, so the messages of one batch see what the earlier ones did; nothing is written before the scope's unit of work
/// commits, and then it is one save for the whole batch. MassTransit finds it in the scope that its receive context carries.
/// </summary>
internal sealed class PostgresSagaRepository<TSaga>(PostgresStore store, RowsByKey<TSaga> rows) : ISagaRepositoryContextFactory<TSaga>
    where TSaga : class, ISaga
{
    public void Probe(ProbeContext context) => context.Add("persistence", "postgres");

    public Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<TSaga, T>> next)
        where T : class => next.Send(new PostgresSagaContext<TSaga, T>(context, store.Db.Set<TSaga>(), rows));

    public Task SendQuery<T>(ConsumeContext<T> context, ISagaQuery<TSaga> query, IPipe<SagaRepositoryQueryContext<TSaga, T>> next)
        where T : class => throw new SagaException(
            "Sagas are found by their CorrelationId only: correlate this message with CorrelateById.", typeof(TSaga), typeof(T));
}
