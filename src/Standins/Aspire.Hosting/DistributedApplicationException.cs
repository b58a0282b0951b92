namespace Standins.Aspire.Hosting;

/// <summary>The application cannot be built, started or run; the message is one line for people.</summary>
public class DistributedApplicationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>The configuration lacks the value of a parameter or a connection string.</summary>
public class MissingParameterValueException(string message) : DistributedApplicationException(message);
