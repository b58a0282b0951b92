using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Antipatterns;

/// <summary>
/// Commits the inbox before the handlers begin. When they do not come to their own commit, the messages are known and have had no effect.
/// </summary>
internal sealed class InboxInAnotherTransaction(
    Func<IServiceProvider, IReceiveStore> stores, IServiceProvider provider, IServiceScopeFactory scopes) : StoreAround(stores(provider))
{
    public static Antipattern Antipattern { get; } = new(
        "inbox-in-another-transaction",
        "a message whose handler fails after its inbox row was committed is taken for a duplicate and lost",
        services => services.Decorate<IReceiveStore>((stores, provider) =>
            new InboxInAnotherTransaction(stores, provider, provider.GetRequiredService<IServiceScopeFactory>())));

    public override async Task<IReadOnlyList<Admission>> AdmitAsync(
        string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var inbox = stores(scope.ServiceProvider);
        var admissions = await inbox.AdmitAsync(consumer, batch, cancellationToken);
        await inbox.CommitAsync(cancellationToken);
        await TakeUpAsync([], cancellationToken); // Begins the handlers' transaction.
        return admissions;
    }
}
