namespace Patterns.Antipatterns;

/// <summary>Stands for the end of the process at this very point.</summary>
internal sealed class CrashException() : Exception("The process died here.");
