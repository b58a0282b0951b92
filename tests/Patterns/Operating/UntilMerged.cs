namespace Patterns;

public sealed record Counted(string Key, int Number);
