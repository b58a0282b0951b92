using System.Collections.Concurrent;
using System.Reflection;
using Compliance;
using Xunit.Sdk;
using Xunit.v3;

[assembly: RecordsSuiteResults]
[assembly: TestCollectionOrderer(typeof(KafkaFirstDocumentLast))]

namespace Compliance;

/// <summary>
/// Begins with what waits longest, and with the document when everything else has begun; tells it which themes of the suite run.
/// </summary>
internal sealed class KafkaFirstDocumentLast : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection
    {
        SuiteResults.Begin([.. testCollections.Select(collection => collection.TestCollectionDisplayName)]);
        return [.. testCollections.OrderBy(collection => Turn(collection.TestCollectionDisplayName))];
    }

    private static int Turn(string collection) =>
        collection.Contains(nameof(KafkaCompliance), StringComparison.Ordinal) ? 0 : collection.Contains(nameof(TransportDocument), StringComparison.Ordinal) ? 2 : 1;
}

/// <summary>Notes what each test of the suite came to, for <see cref="TransportDocument"/>.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class RecordsSuiteResultsAttribute : BeforeAfterTestAttribute
{
    private static readonly ConcurrentDictionary<string, string> Skipped = new(StringComparer.Ordinal);

    // The state of a skipped test does not tell why; the exception that skips it is thrown in the test's own context.
    static RecordsSuiteResultsAttribute() => AppDomain.CurrentDomain.FirstChanceException += (_, thrown) =>
    {
        if (thrown.Exception is SkipException skip && TestContext.Current.Test is { } test)
            Skipped[test.UniqueID] = skip.Message;
    };

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (TestContext.Current is not { TestClassInstance: TransportCompliance suite, TestState: { } state })
            return;
        Skipped.TryGetValue(test.UniqueID, out var reason);
        SuiteResults.Add(suite.GetType().DeclaringType!, methodUnderTest.Name, new SuiteResult(state.Result, reason));
    }
}

/// <summary>What a test, or one case of a theory, came to.</summary>
/// <param name="Result">Passed, failed, skipped.</param>
/// <param name="Reason">Why it was skipped.</param>
internal sealed record SuiteResult(TestResult Result, string? Reason);

/// <summary>What the tests of the suite came to in this run. Thread-safe.</summary>
internal static class SuiteResults
{
    private static readonly ConcurrentDictionary<(Type Suite, string Test), ConcurrentQueue<SuiteResult>> All = new();
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> Runs = new(StringComparer.Ordinal);

    /// <summary>Done when every theme is done with every transport that it runs against.</summary>
    public static Task Ended => Task.WhenAll(Runs.Values.Select(run => run.Task));

    public static void Begin(IReadOnlyCollection<string> collections)
    {
        var runs = typeof(TransportCompliance).Assembly.GetTypes().Where(type => type is { IsAbstract: false, DeclaringType: not null } && type.IsAssignableTo(typeof(TransportCompliance)));
        foreach (var run in runs.Select(type => type.FullName!).Where(run => collections.Any(name => name.Contains(run, StringComparison.Ordinal))))
            Runs[run] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <param name="run">The full name of the class: a theme against a transport.</param>
    public static void End(string run)
    {
        if (Runs.TryGetValue(run, out var ended))
            ended.TrySetResult();
    }

    public static void Add(Type suite, string test, SuiteResult result) => All.GetOrAdd((suite, test), _ => []).Enqueue(result);

    public static IReadOnlyCollection<SuiteResult> Of(Type suite, string test) => All.TryGetValue((suite, test), out var results) ? results : [];
}
