using Lab.Faults;
using Lab.Running;

namespace Units.Lab.Faults;

/// <summary>A fault that strikes nothing but tells when it is up.</summary>
internal sealed record SomeFault(string Name, FaultArea Area, params string[] Places) : Fault(Name, Area)
{
    /// <summary>A system that nobody started: these faults do not look at it.</summary>
    public static FaultSite Nowhere { get; } = new(null!, new SystemOptions("jetstream"), TimeProvider.System, Seed: 1, Orders: 100);

    public (TimeSpan Shortest, TimeSpan Longest) Lasts { get; init; } = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));

    public IReadOnlyList<FaultArea> Avoids { get; init; } = [];

    public string? WhyNot { get; init; }

    public Exception? Breaks { get; init; }

    public Exception? Unprepared { get; init; }

    public TaskCompletionSource Up { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Healed { get; private set; }

    public override string Description => "a fault of a test";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => Lasts;

    public override IReadOnlyList<string> Targets(FaultSite site) => Places;

    public override bool GoesWith(FaultArea other) => base.GoesWith(other) && !Avoids.Contains(other);

    public override string? Hindrance(FaultSite site) => WhyNot;

    public override Task PrepareAsync(FaultSite site, CancellationToken cancellationToken) =>
        Unprepared is null ? Task.CompletedTask : Task.FromException(Unprepared);

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        try
        {
            Up.TrySetResult();
            if (Breaks is not null)
                throw Breaks;
            await Task.Delay(duration, cancellationToken);
            return $"struck {target}";
        }
        finally
        {
            Healed = true;
        }
    }
}
