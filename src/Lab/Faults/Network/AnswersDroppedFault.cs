using System.Globalization;
using Lab.Networking;

namespace Lab.Faults;

/// <summary>
/// What a service asks for is done, but it never hears so: the answers are dropped and then the connection breaks, in rounds. A commit, an
/// acknowledgement, a publish may have happened or not.
/// </summary>
internal sealed record AnswersDroppedFault() : NetworkFault("answers-dropped")
{
    private static readonly TimeSpan Dropping = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Passing = TimeSpan.FromMilliseconds(800);

    public override string Description => "requests of a service arrive, their answers are dropped, then the connection breaks, in rounds";

    protected override async Task<string?> HurtAsync(FaultyLink link, FaultSite site, TimeSpan duration, CancellationToken cancellationToken)
    {
        var began = site.Clock.GetTimestamp();
        var rounds = 0;
        do
        {
            using (link.DropAnswers()) await Task.Delay(Dropping, site.Clock, cancellationToken);
            rounds++;
            await Task.Delay(Passing, site.Clock, cancellationToken);
        }
        while (site.Clock.GetElapsedTime(began) < duration);
        return string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds");
    }
}
