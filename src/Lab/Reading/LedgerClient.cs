using System.Net.Http.Json;
using Lab.Checking;

namespace Lab.Reading;

/// <summary>Reads the payment provider's ledger, page by page.</summary>
internal sealed class LedgerClient(HttpClient http, Patience patience)
{
    private const int PageSize = 500;

    /// <summary>The entries after a sequence number, in order.</summary>
    public async Task<IReadOnlyList<LedgerEntry>> ReadAsync(long after, CancellationToken cancellationToken)
    {
        var entries = new List<LedgerEntry>();
        while (true)
        {
            var position = entries.Count > 0 ? entries[^1].Sequence : after;
            var page = await ReadPageAsync(position, cancellationToken);
            entries.AddRange(page.Entries);
            if (page.Entries.Count < PageSize) return entries;
        }
    }

    private Task<Page> ReadPageAsync(long after, CancellationToken cancellationToken) => patience.KeepTryingAsync(
        "reading the provider's ledger",
        async cancel => await http.GetFromJsonAsync<Page>($"/ledger?after={after}&limit={PageSize}", cancel)
            ?? throw new LabException("GET /ledger answered with no body"),
        cancellationToken);

    private sealed record Page(IReadOnlyList<LedgerEntry> Entries);
}
