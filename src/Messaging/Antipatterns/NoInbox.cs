namespace Messaging.Antipatterns;

/// <summary>Takes every delivery for a new message: what comes again is handled again.</summary>
internal sealed class NoInbox(IReceiveStore store) : StoreAround(store)
{
    public static Antipattern Antipattern { get; } = new(
        "no-inbox",
        "a message that comes again has its effect again",
        services => services.Decorate<IReceiveStore>((store, provider) => new NoInbox(store(provider))));

    public override async Task<IReadOnlyList<Admission>> AdmitAsync(
        string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        var admissions = await base.AdmitAsync(consumer, batch, cancellationToken);
        return [.. admissions.Select(admission => admission is Admission.Duplicate ? Admission.Handle : admission)];
    }
}
