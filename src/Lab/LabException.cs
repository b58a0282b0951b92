namespace Lab;

/// <summary>Something the user should read as one line: what failed, and what was seen.</summary>
internal sealed class LabException(string message, Exception? innerException = null) : Exception(message, innerException);
