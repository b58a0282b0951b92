using System.Collections.Concurrent;
using System.Reflection;
using Compliance;
using Xunit.Sdk;
using Xunit.v3;

[assembly: RecordsSuiteResults]
[assembly: TestCollectionOrderer(typeof(KafkaFirstDocumentLast))]

namespace Compliance;

/// <summary>What does not run beside others runs when all of them have ended.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class AfterTheSuite;

/// <summary>Begins with what waits longest; the document, for which the others' results are, is the last also where nothing runs side by side.</summary>
internal sealed class KafkaFirstDocumentLast : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(collection => Turn(collection.TestCollectionDisplayName))];

    private static int Turn(string collection) =>
        collection.Contains(nameof(KafkaCompliance), StringComparison.Ordinal) ? 0 : collection.Contains(nameof(AfterTheSuite), StringComparison.Ordinal) ? 2 : 1;
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

    public static void Add(Type suite, string test, SuiteResult result) => All.GetOrAdd((suite, test), _ => []).Enqueue(result);

    public static IReadOnlyCollection<SuiteResult> Of(Type suite, string test) => All.TryGetValue((suite, test), out var results) ? results : [];
}
