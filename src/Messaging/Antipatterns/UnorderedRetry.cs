namespace Messaging.Antipatterns;

/// <summary>Puts a message that fails aside for later, as ever, but lets the later ones of its key pass it.</summary>
internal sealed class UnorderedRetry(IReceiveStore store) : StoreAround(store)
{
    public static Antipattern Antipattern { get; } = new(
        "unordered-retry",
        "a message that is tried again later is overtaken by the later ones of its key",
        services => services.Decorate<IReceiveStore>((store, provider) => new UnorderedRetry(store(provider))));

    public override async Task<IReadOnlyList<Admission>> AdmitAsync(
        string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        var admissions = await base.AdmitAsync(consumer, batch, cancellationToken);
        return [.. admissions.Select(admission => admission is Admission.ParkBehind ? Admission.Handle : admission)];
    }
}
