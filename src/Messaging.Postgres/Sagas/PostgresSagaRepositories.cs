using MassTransit;
using MassTransit.Configuration;
using MassTransit.Saga;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Postgres;

/// <summary>Gives every saga that MassTransit registers its repository.</summary>
internal sealed class PostgresSagaRepositories : ISagaRepositoryRegistrationProvider
{
    public void Configure<TSaga>(ISagaRegistrationConfigurator<TSaga> configurator)
        where TSaga : class, ISaga =>
        configurator.Repository(services => services.TryAddScoped<ISagaRepositoryContextFactory<TSaga>, PostgresSagaRepository<TSaga>>());
}
