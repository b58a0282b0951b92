using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Support;

namespace Units;

/// <summary>A database of a service's own with its tables, for tests of what only PostgreSQL can show.</summary>
internal static class ServiceSchema
{
    /// <summary>Makes the database and runs the service's scripts.</summary>
    /// <returns>Its connection string; no pool outlives a test.</returns>
    public static async Task<string> CreateAsync(Servers servers, Assembly service)
    {
        var database = await servers.NewDatabaseAsync("units");
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        foreach (var name in service.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(service.GetManifestResourceStream(name)!);
            await using var command = new NpgsqlCommand(await reader.ReadToEndAsync(TestContext.Current.CancellationToken), connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        return database;
    }

    public static DbContextOptions<T> Options<T>(string database)
        where T : DbContext => new DbContextOptionsBuilder<T>().UseNpgsql(database).Options;
}
