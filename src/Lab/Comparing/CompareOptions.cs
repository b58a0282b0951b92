using Lab.Running;

namespace Lab.Comparing;

/// <summary>What <c>compare</c> was asked to do.</summary>
/// <param name="Transports">In the order in which they are reported.</param>
/// <param name="IsQuick">A first look of a few minutes instead of figures to go by.</param>
/// <param name="Durability">When the brokers write to the disk.</param>
/// <param name="Out">Where the reports go.</param>
internal sealed record CompareOptions(IReadOnlyList<string> Transports, bool IsQuick, Durability Durability, DirectoryInfo Out)
{
    /// <summary>How much is measured.</summary>
    public CompareExtent Extent { get; init; } = IsQuick ? CompareExtent.Quick : CompareExtent.Full;

    /// <summary>The command that repeats it.</summary>
    public string Command =>
        $"./dev compare --transports {string.Join(',', Transports)}{(IsQuick ? " --quick" : "")} --durability {Durability.Name}";
}
