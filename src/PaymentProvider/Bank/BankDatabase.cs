using Npgsql;

namespace PaymentProvider.Bank;

/// <summary>The way to the bank's database.</summary>
internal static class BankDatabase
{
    // Each request runs the same few statements; parsing and planning them anew costs as much as they do.
    private const int PreparedStatements = 20;

    /// <summary>Opens the pool. Sessions are not reset between requests: none changes its session for longer than a transaction.</summary>
    public static NpgsqlDataSource Open(string connectionString)
    {
        var source = new NpgsqlDataSourceBuilder(connectionString);
        source.ConnectionStringBuilder.NoResetOnClose = true;
        if (!source.ConnectionStringBuilder.ShouldSerialize("Max Auto Prepare"))
            source.ConnectionStringBuilder.MaxAutoPrepare = PreparedStatements;
        return source.Build();
    }
}
