using System.Net.Http.Json;

namespace Lab.Faults;

/// <summary>The bank misbehaves; told so by its own switch, as it is not ours to break.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Description">What it does.</param>
/// <param name="LatencyMs">How long each request waits first.</param>
/// <param name="FailureRate">Which share is answered 503.</param>
/// <param name="LostAnswerRate">Which share is done but never answered.</param>
internal sealed record ProviderFault(string Name, string Description, int LatencyMs = 0, double FailureRate = 0, double LostAnswerRate = 0)
    : Fault(Name, FaultArea.Provider)
{
    private const string Provider = "payment-provider";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public override string Description { get; } = Description;

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));

    public override IReadOnlyList<string> Targets(FaultSite site) => [Provider];

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        try
        {
            await BehaveAsync(site, new Behaviour(LatencyMs, FailureRate, LostAnswerRate), cancellationToken);
            await Task.Delay(duration, site.Clock, cancellationToken);
        }
        finally
        {
            await BehaveAsync(site, new Behaviour(0, 0, 0), CancellationToken.None);
        }

        return null;
    }

    private static Task<bool> BehaveAsync(FaultSite site, Behaviour behaviour, CancellationToken cancellationToken) =>
        new Patience(site.Clock, Limit).KeepTryingAsync(
            "telling the provider how to behave",
            async cancel =>
            {
                using var answer = await site.System.Http(Provider).PutAsJsonAsync("/behaviour", behaviour, cancel);
                return answer.EnsureSuccessStatusCode().IsSuccessStatusCode;
            },
            cancellationToken);

    private sealed record Behaviour(int LatencyMs, double FailureRate, double LostAnswerRate);
}
