namespace Standins.Aspire.Hosting;

/// <summary>The application cannot be built, started or run; the message is one line for people.</summary>
public class DistributedApplicationException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and what to do about it.</param>
    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and what to do about it.</param>
    /// <param name="inner">The cause.</param>
    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>The configuration lacks the value of a parameter or a connection string.</summary>
/// <param name="message">Which one.</param>
public class MissingParameterValueException(string message) : DistributedApplicationException(message);
