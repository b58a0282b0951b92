using System.Globalization;
using Lab.Proving;

namespace Lab.Reporting;

/// <summary>What a proof comes to, in one sentence that is computed from its data and from nothing else.</summary>
/// <param name="IsGood">Whether the run showed what it had to show.</param>
/// <param name="Headline">A few words.</param>
/// <param name="Sentence">The sentence.</param>
internal sealed record Verdict(bool IsGood, string Headline, string Sentence)
{
    public static Verdict Of(ProofReport report)
    {
        if (report.Antipattern is not null) return OfBroken(report);
        var struck = report.Faults.Where(fault => fault.Failure is null).ToArray();
        var kinds = struck.Select(fault => fault.Name).Distinct(StringComparer.Ordinal).Count();
        var run = string.Create(CultureInfo.InvariantCulture,
            $"{Count(report.Accepted, "accepted order")} in {report.LoadSeconds:0.#} s of load, {Count(struck.Length, "fault")} of {Count(kinds, "kind")}");
        if (report.Kept && report.IsUndisturbed) return new Verdict(false, "NOT proven", $"{run}: nothing struck.");
        return report.Kept
            ? new Verdict(true, "Every promise was kept", $"{run}: 0 violations, 0 messages lost, {Quiet(report)}.")
            : new Verdict(false, "NOT proven", $"{run}: {string.Join(", ", Reasons(report))}.");
    }

    /// <summary>A number and what it counts.</summary>
    public static string Count(int number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:#,0} {what}{(number == 1 ? "" : "s")}");

    private static Verdict OfBroken(ProofReport report)
    {
        var must = $"{report.Antipattern} must break invariant {report.MustBreak}";
        var broken = report.Invariants.Where(invariant => !invariant.Holds).ToArray();
        var seen = broken.Length == 0
            ? "no invariant is broken"
            : $"broken: {string.Join(", ", broken.Select(invariant => $"invariant {invariant.Number} ({Count(invariant.Violations.Count, "violation")})"))}";
        return report.ShownBroken
            ? new Verdict(true, "Broken as told", $"{must}: broken as told; {seen}.")
            : new Verdict(false, "NOT shown", $"{must}: NOT shown; {seen}.");
    }

    private static string Quiet(ProofReport report) => report.QuietAfterSeconds is { } seconds
        ? string.Create(CultureInfo.InvariantCulture, $"all quiet {seconds:0.#} s after the last fault and the last order")
        : "nothing left under way";

    private static IEnumerable<string> Reasons(ProofReport report)
    {
        var broken = report.Invariants.Where(invariant => !invariant.Holds).Select(invariant => invariant.Number).ToArray();
        if (broken.Length > 0)
            yield return $"{Count(report.Violations, "violation")} of {(broken.Length == 1 ? "invariant" : "invariants")} {string.Join(", ", broken)}";
        if (!report.IsAnyConfirmed) yield return "no order was confirmed";
        if (report.Messages.Lost.Count > 0) yield return $"{Count(report.Messages.Lost.Count, "message")} lost";
        if (report.StillUnderWay.Count > 0) yield return $"never quiet: {string.Join(", ", report.StillUnderWay)}";
        if (report.Messages.Gaps.Count > 0) yield return $"not all was seen: {string.Join(", ", report.Messages.Gaps)}";
        var failed = report.Faults.Count(fault => fault.Failure is not null);
        if (failed > 0) yield return $"{Count(failed, "fault")} could not strike";
    }
}
