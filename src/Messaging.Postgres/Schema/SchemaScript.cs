using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Messaging.Postgres;

/// <summary>One versioned piece of a database schema: an embedded <c>.sql</c> file.</summary>
/// <param name="Name">The resource's full name; it is what <c>messaging.schema_versions</c> remembers.</param>
/// <param name="Sql">Its text.</param>
internal sealed record SchemaScript(string Name, string Sql)
{
    /// <summary>SHA-256 of the text in hexadecimal, the same for either kind of line end.</summary>
    public string Checksum { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>The <c>.sql</c> files embedded in an assembly, ordered by name.</summary>
    public static IEnumerable<SchemaScript> EmbeddedIn(Assembly assembly) =>
        assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .Select(name => new SchemaScript(name, Read(assembly, name)));

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
