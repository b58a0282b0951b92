namespace Messaging.Postgres;

/// <summary>The database's schema cannot be brought up to date: the server is out of reach, or a script was changed or failed.</summary>
public sealed class SchemaException : Exception
{
    /// <summary>Makes one that says what was tried and what came of it.</summary>
    public SchemaException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
