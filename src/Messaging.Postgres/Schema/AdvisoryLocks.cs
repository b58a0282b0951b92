namespace Messaging.Postgres;

/// <summary>The names of our PostgreSQL advisory locks. They share one space with whatever else locks in the same database.</summary>
internal static class AdvisoryLocks
{
    /// <summary>One session at a time changes the schema. "msgschem" in ASCII.</summary>
    public const long Schema = 0x6d73_6773_6368_656d;

    /// <summary>First of two keys, the second is the outbox lane: one relay at a time has a lane. "msob" in ASCII.</summary>
    public const int OutboxLanes = 0x6d73_6f62;
}
