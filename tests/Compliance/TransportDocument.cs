using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.v3;

namespace Compliance;

/// <summary>
/// docs/transports.md says what is: its tables of capabilities and of behaviours are written from the transports' own records and
/// from what the suite's tests came to in this run. With <c>UPDATE_DOCUMENTS=1</c> in the environment the file is rewritten.
/// </summary>
[Collection(typeof(AfterTheSuite))]
public sealed partial class TransportDocument
{
    private const string Document = "docs/transports.md";

    private static readonly string[] ForeignServers =
        ["ConnectionStrings__nats", "ConnectionStrings__kafka", "KAFKA_BOOTSTRAP_SERVERS", "KAFKA_HOME"];

    private static readonly (string Name, Type Suite)[] Columns =
        [("in memory", typeof(InMemoryCompliance)), ("JetStream", typeof(JetStreamCompliance)), ("Kafka", typeof(KafkaCompliance))];

    private static IEnumerable<Type> Themes => typeof(TransportCompliance).Assembly.GetTypes().Where(type => type.BaseType == typeof(TransportCompliance));

    [Fact]
    public void Every_theme_runs_against_every_transport()
    {
        foreach (var (name, suite) in Columns)
            suite.GetNestedTypes().Select(type => type.BaseType).ShouldBe(Themes, ignoreOrder: true, name);
    }

    [Fact]
    public async Task The_capability_table_is_what_the_transports_say()
    {
        await using var inMemory = new InMemoryTransport(new InMemoryBroker(), TimeProvider.System);
        await using var jetStream = new JetStreamTransport("nats://127.0.0.1:1", new(), NullLoggerFactory.Instance, TimeProvider.System);
        await using var kafka = new KafkaTransport("127.0.0.1:1", new(), NullLoggerFactory.Instance, TimeProvider.System);
        ITransport[] transports = [inMemory, jetStream, kafka];
        var table = Table(["capability", "what it says", .. Columns.Select(column => column.Name)]);
        foreach (var property in typeof(TransportCapabilities).GetProperties())
        {
            var values = transports.Select(transport => Words(property.GetValue(transport.Capabilities)));
            Row(table, [$"`{property.Name}`", Summary(property), .. values]);
        }

        await CompareAsync("capabilities", table.ToString());
    }

    [Fact]
    public async Task The_behaviour_table_is_what_the_suite_came_to_in_this_run()
    {
        Assert.SkipWhen(ForeignServers.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))), "The table is of the servers that the tests start.");
        var tests = Themes.SelectMany(theme => theme.GetMethods())
            .Select(method => (Method: method, Fact: method.GetCustomAttribute<FactAttribute>()))
            .Where(test => test.Fact is not null)
            .Select(test => (test.Method.Name, File: Path.GetFileName(test.Fact!.SourceFilePath!.Replace('\\', '/')), Line: test.Fact.SourceLineNumber))
            .OrderBy(test => test.File, StringComparer.Ordinal).ThenBy(test => test.Line).ToList();
        var missing = tests.Sum(test => Columns.Count(column => SuiteResults.Of(column.Suite, test.Name).Count == 0));
        Assert.SkipWhen(missing > 0, $"Only together with the whole suite: {missing} results are missing.");

        var table = Table(["theme", "behaviour", .. Columns.Select(column => column.Name)]);
        var file = "";
        foreach (var test in tests)
        {
            var theme = test.File == file ? "" : $"[{test.File.Split('.')[1]}](../tests/Compliance/{test.File})";
            file = test.File;
            Row(table, [theme, test.Name.Replace('_', ' '), .. Columns.Select(column => Cell(SuiteResults.Of(column.Suite, test.Name)))]);
        }

        table.ToString().ShouldNotContain(Failed, customMessage: "a test of the suite failed in this run, and so the table cannot be compared");
        await CompareAsync("behaviours", table.ToString());
    }

    [Theory]
    [InlineData(typeof(JetStreamTransportOptions))]
    [InlineData(typeof(KafkaTransportOptions))]
    public async Task Every_option_is_in_the_tables_with_its_default(Type options)
    {
        var text = await File.ReadAllTextAsync(PathOf(Document), TestContext.Current.CancellationToken);
        var defaults = Activator.CreateInstance(options);
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => $"| `{property.Name}` | {Words(property.GetValue(defaults))} |")
            .Where(row => !Section(text, options.Name).Contains(row, StringComparison.Ordinal))
            .ShouldBeEmpty($"rows that are missing in {Document}");
    }

    [Fact]
    public async Task The_rows_by_which_to_choose_are_what_the_transports_say()
    {
        await using var jetStream = new JetStreamTransport("nats://127.0.0.1:1", new(), NullLoggerFactory.Instance, TimeProvider.System);
        await using var kafka = new KafkaTransport("127.0.0.1:1", new(), NullLoggerFactory.Instance, TimeProvider.System);
        var rows = ChoiceRow().Matches(await File.ReadAllTextAsync(PathOf("docs/choosing.md"), TestContext.Current.CancellationToken));
        rows.ShouldNotBeEmpty();
        foreach (Match row in rows)
        {
            foreach (Capture name in row.Groups["name"].Captures)
            {
                var property = typeof(TransportCapabilities).GetProperty(name.Value).ShouldNotBeNull(row.Value);
                row.Groups["jetstream"].Value.ShouldStartWith(Words(property.GetValue(jetStream.Capabilities)), customMessage: row.Value);
                row.Groups["kafka"].Value.ShouldStartWith(Words(property.GetValue(kafka.Capabilities)), customMessage: row.Value);
            }
        }
    }

    [Fact]
    public async Task Every_test_that_the_document_names_exists()
    {
        var text = await File.ReadAllTextAsync(PathOf(Document), TestContext.Current.CancellationToken);
        var named = TestLink().Matches(text);
        named.ShouldNotBeEmpty();
        foreach (Match link in named)
        {
            var source = await File.ReadAllTextAsync(PathOf("docs/" + link.Groups["file"].Value), TestContext.Current.CancellationToken);
            source.Contains($" {link.Groups["test"].Value.Replace(' ', '_')}(", StringComparison.Ordinal).ShouldBeTrue($"{Document} names a test that is not there: {link.Value}");
        }
    }

    private const string Failed = "**failed**";

    private static string Cell(IReadOnlyCollection<SuiteResult> results)
    {
        if (results.Any(result => result.Result is not (TestResult.Passed or TestResult.Skipped)))
            return Failed;
        if (results.FirstOrDefault(result => result.Result == TestResult.Skipped) is not { } skipped)
            return "yes";
        const string without = "Only without ";
        var reason = (skipped.Reason ?? "?").Replace(DynamicSkipToken.Value, "", StringComparison.Ordinal).TrimEnd('.');
        if (reason.StartsWith(without, StringComparison.Ordinal))
            return $"has `{reason[without.Length..]}`";
        return typeof(TransportCapabilities).GetProperty(reason) is null ? $"not run: {char.ToLowerInvariant(reason[0])}{reason[1..]}" : $"no `{reason}`";
    }

    private static string Words(object? value) => value switch
    {
        null => "none",
        bool yes => yes ? "yes" : "no",
        TimeSpan span => Words(span),
        int.MaxValue => "no limit",
        Enum or string => value.ToString()!.ToLowerInvariant(),
        IReadOnlyDictionary<string, string> { Count: 0 } => "none",
        IFormattable number => number.ToString(Math.Abs(Convert.ToDouble(value, CultureInfo.InvariantCulture)) < 1_000 ? "0" : "#,0", CultureInfo.InvariantCulture),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "No words for it."),
    };

    private static string Words(TimeSpan span)
    {
        if (span <= TimeSpan.Zero)
            return "none";
        if (span == TimeSpan.MaxValue)
            return "for ever";
        var (count, unit) = span switch
        {
            { TotalDays: >= 1 } => (span.TotalDays, "days"),
            { TotalHours: >= 1 } => (span.TotalHours, "h"),
            { TotalMinutes: >= 1 } => (span.TotalMinutes, "min"),
            { TotalSeconds: >= 1 } => (span.TotalSeconds, "s"),
            _ => (span.TotalMilliseconds, "ms"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{count:0.###} {unit}");
    }

    /// <summary>A property's documentation, as the compiler wrote it beside the assembly.</summary>
    private static string Summary(PropertyInfo property)
    {
        var documentation = XDocument.Load(Path.ChangeExtension(property.DeclaringType!.Assembly.Location, ".xml"));
        var member = documentation.Descendants("member").Single(found => found.Attribute("name")!.Value == $"P:{property.DeclaringType.FullName}.{property.Name}");
        var text = string.Concat(member.Element("summary")!.Nodes().Select(node => node switch
        {
            XText plain => plain.Value,
            XElement see when see.Attribute("cref") is { } target => $"`{target.Value.Split('.')[^1]}`",
            XElement other => $"`{other.Value}`",
            _ => "",
        }));
        return string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static StringBuilder Table(string[] heads)
    {
        var table = new StringBuilder();
        Row(table, heads);
        return table.Append('|').Insert(table.Length, "---|", heads.Length).Append('\n');
    }

    private static void Row(StringBuilder table, IEnumerable<string> cells) => table.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static async Task CompareAsync(string name, string generated)
    {
        var cancel = TestContext.Current.CancellationToken;
        var text = await File.ReadAllTextAsync(PathOf(Document), cancel);
        var (from, to) = Bounds(text, name);
        var written = text[from..to];
        if (written == generated)
            return;
        if (Environment.GetEnvironmentVariable("UPDATE_DOCUMENTS") == "1")
        {
            await File.WriteAllTextAsync(PathOf(Document), text[..from] + generated + text[to..], cancel);
            return;
        }

        var different = generated.Split('\n').Except(written.Split('\n'), StringComparer.Ordinal).FirstOrDefault() ?? "(a row that is no more)";
        Assert.Fail($"The table of {name} in {Document} is out of date, beginning with {different}; UPDATE_DOCUMENTS=1 ./dev test compliance writes it anew.");
    }

    private static string Section(string text, string name)
    {
        var (from, to) = Bounds(text, name);
        return text[from..to];
    }

    /// <summary>What lies between a section's markers, without their lines.</summary>
    private static (int From, int To) Bounds(string text, string name)
    {
        var (begin, end) = ($"<!-- begin {name} -->\n", $"<!-- end {name} -->");
        var from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        var to = text.IndexOf(end, StringComparison.Ordinal);
        (from >= begin.Length && to >= from).ShouldBeTrue($"{Document} has no lines '{begin.Trim()}' and '{end}'");
        return (from, to);
    }

    private static string PathOf(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Microservices.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("No folder above the tests holds Microservices.sln."), path);
    }

    [GeneratedRegex(@"^\|( `(?<name>\w+)`,?)+ \| (?<jetstream>[^|]+) \| (?<kafka>[^|]+) \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex ChoiceRow();

    [GeneratedRegex(@"\[(?<test>[A-Z0-9][^\]\n]* [^\]\n]* [^\]\n]*)\]\((?<file>\.\./tests/[^)\s]+\.cs)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestLink();
}
