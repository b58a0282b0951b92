namespace Lab.Demo;

/// <summary>What <c>demo</c> was asked to do.</summary>
/// <param name="Transport"><c>jetstream</c> or <c>kafka</c>.</param>
/// <param name="Orders">How many orders to place.</param>
/// <param name="Seed">Decides their sequence and content.</param>
/// <param name="Json">Where to write the report as JSON, if anywhere.</param>
/// <param name="Log">Where to write what the services log, if anywhere.</param>
internal sealed record DemoOptions(string Transport, int Orders, int Seed, FileInfo? Json, FileInfo? Log);
