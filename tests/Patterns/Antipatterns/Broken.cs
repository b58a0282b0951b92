using Messaging;

namespace Patterns.Antipatterns;

/// <summary>Services that are broken on purpose, or the same ones as they should be.</summary>
internal static class Broken
{
    public static Task<TestService> StartAsync(TestDatabase database, ITransport transport, string? antipattern) =>
        TestService.StartAsync(database, transport, configure: null, Setting(antipattern));

    /// <summary>A service that counts, with a broker in memory.</summary>
    public static Task<TestService> StartCountingAsync(
        TestDatabase database, InMemoryBroker broker, CountingScript script, string? antipattern, Action<ReceiveOptions>? receive = null) =>
        Counting.StartAsync(database, broker, script, receive, Setting(antipattern));

    public static Task<TestService> StartCountingAsync(TestDatabase database, ITransport transport, CountingScript script, string? antipattern) =>
        Counting.StartAsync(database, transport, script, Messages.Topic, receive: null, Setting(antipattern));

    /// <summary>What was counted of key "a", once its last message was.</summary>
    public static async Task<int[]> EffectsUntilAsync(TestDatabase database, int last)
    {
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync($"effects where number = {last}") > 0, $"{last} was counted");
        return await Counting.EffectsAsync(database, "a");
    }

    private static (string Key, string Value)[] Setting(string? antipattern) => antipattern is null ? [] : [("Antipattern", antipattern)];
}
