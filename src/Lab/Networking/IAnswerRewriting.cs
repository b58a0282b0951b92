namespace Lab.Networking;

/// <summary>Follows one connection and rewrites what its client must not learn. Each method is called by one task at a time.</summary>
internal interface IAnswerRewriting
{
    /// <summary>Sees the bytes that the client sends.</summary>
    void SeeRequests(ReadOnlySpan<byte> bytes);

    /// <summary>Takes bytes that the server sent and gives those that may go on to the client now, maybe none.</summary>
    ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> bytes);
}
