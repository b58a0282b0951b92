using Lab.Networking;

namespace Lab.Faults;

/// <summary>A fault of the network between a service and its database or the broker.</summary>
internal abstract record NetworkFault(string Name) : Fault(Name, FaultArea.Network)
{
    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));

    public sealed override IReadOnlyList<string> Targets(FaultSite site) => [.. site.System.Links?.All.Select(link => link.Name) ?? []];

    public override string? Hindrance(FaultSite site) => site.System.Links is null ? "the system was started without links" : null;

    public sealed override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var link = site.System.Links?.All.FirstOrDefault(link => link.Name == target) ?? throw new LabException($"there is no link {target}");
        return await HurtAsync(link, site, duration, cancellationToken);
    }

    /// <summary>Hurts a link for a while.</summary>
    protected abstract Task<string?> HurtAsync(FaultyLink link, FaultSite site, TimeSpan duration, CancellationToken cancellationToken);
}

/// <summary>A state of the link that lasts.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Description">What it does.</param>
/// <param name="Hurt">Puts the link into the state, until what it gives is disposed.</param>
internal sealed record LastingNetworkFault(string Name, string Description, Func<FaultyLink, IDisposable> Hurt) : NetworkFault(Name)
{
    public override string Description { get; } = Description;

    protected override async Task<string?> HurtAsync(FaultyLink link, FaultSite site, TimeSpan duration, CancellationToken cancellationToken)
    {
        using (Hurt(link)) await Task.Delay(duration, site.Clock, cancellationToken);
        return null;
    }
}
