using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>A DbContext that writes more than its tracked changes, and can do so in the round trip that commits.</summary>
public interface IWriteAtCommit
{
    /// <summary>Adds its statements to the batch that ends the scope's transaction, and forgets what they write: a scope whose commit has failed is dropped.</summary>
    void Write(NpgsqlBatch batch);
}

/// <summary>Is told that a scope has committed. A singleton; it is called in the scope's turn and must be quick.</summary>
public interface IAfterCommit
{
    /// <summary>The scope's transaction is committed; not called when there was nothing to write.</summary>
    void Committed(DbContext db);
}
