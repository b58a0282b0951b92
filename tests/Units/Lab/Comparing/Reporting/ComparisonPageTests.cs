using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Lab.Comparing.Reporting;
using Lab.Comparing.Results;
using Spectre.Console;

namespace Units.Lab.Comparing.Reporting;

public sealed class ComparisonPageTests
{
    private const string Hostile = "<script>alert('x')</script> | \"quoted\" & ]]> _a_ [b](c) \u001b[31m \ud800 \u202e </svg></style>";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static TheoryData<string> Shapes => [.. Comparisons().Select(comparison => comparison.Key)];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_page_is_well_formed_needs_nothing_else_and_runs_nothing(string shape)
    {
        var text = ComparisonPage.Of(Comparisons()[shape]);
        var page = Parsed(shape, text);

        text.ShouldNotContain("<script");
        text.ShouldNotContain("\u001b");
        text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("http://");
        text.ShouldNotContain("https://");
        page.Descendants().Attributes().Select(attribute => attribute.Name.LocalName)
            .ShouldAllBe(name => name != "src" && name != "href" && !name.StartsWith("on", StringComparison.Ordinal));
        page.Descendants(Svg + "svg").SelectMany(picture => picture.Descendants().Attributes()).Select(attribute => attribute.Value)
            .ShouldAllBe(value => !value.Contains("NaN", StringComparison.Ordinal) && !value.Contains('∞', StringComparison.Ordinal) && !value.Contains("Infinity", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_row_of_every_table_has_a_cell_for_each_column(string shape)
    {
        var comparison = Comparisons()[shape];
        ReportTable[] tables =
        [
            ComparisonTables.Summary(comparison), ComparisonTables.Runs(comparison), ComparisonTables.Stages(comparison), ComparisonTables.Processes(comparison),
            ComparisonTables.Databases(comparison), ComparisonTables.Recovery(comparison), ComparisonTables.Settings(comparison), ComparisonTables.Machine(comparison),
            ComparisonTables.Throughput(comparison), ComparisonTables.Steady(comparison),
        ];

        foreach (var table in tables)
            table.Rows.Where(row => row.Instead is null).ShouldAllBe(row => row.Cells.Count == table.Columns.Count, table.Name);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_picture_has_a_name_and_nothing_lies_outside(string shape)
    {
        foreach (var picture in Parsed(shape, ComparisonPage.Of(Comparisons()[shape])).Descendants(Svg + "svg"))
        {
            picture.Attribute("role")!.Value.ShouldBe("img");
            picture.Attribute("aria-labelledby")!.Value.Split(' ')
                .ShouldAllBe(id => picture.Elements().Any(element => (string?)element.Attribute("id") == id && element.Value.Length > 0));
            double[] size = [.. picture.Attribute("viewBox")!.Value.Split(' ').Select(double.Parse)];
            foreach (var box in picture.Descendants(Svg + "rect"))
            {
                double At(string name) => double.Parse(box.Attribute(name)!.Value);
                At("x").ShouldBeGreaterThanOrEqualTo(0);
                (At("x") + At("width")).ShouldBeLessThanOrEqualTo(size[2]);
                (At("y") + At("height")).ShouldBeLessThanOrEqualTo(size[3]);
            }

            foreach (var words in picture.Descendants(Svg + "text"))
            {
                var width = words.Value.Length * 5.6;
                var x = double.Parse(words.Attribute("x")!.Value);
                if (shape == "hostile") continue; // No name that a transport has.
                var left = words.Attribute("text-anchor")!.Value switch { "end" => x - width, "middle" => x - (width / 2), _ => x };
                left.ShouldBeGreaterThanOrEqualTo(-1, words.Value);
                (left + width).ShouldBeLessThanOrEqualTo(size[2] + 6, words.Value);
            }
        }
    }

    [Fact]
    public void Ids_are_unique()
    {
        var page = Parsed("ids", ComparisonPage.Of(AComparison.BothReal()));

        page.Descendants().Select(element => (string?)element.Attribute("id")).Where(id => id is not null).ShouldBeUnique();
    }

    [Fact]
    public void The_sections_come_in_order_and_settings_stand_beside_every_figure()
    {
        var page = Parsed("sections", ComparisonPage.Of(AComparison.BothReal()));

        page.Descendants("h2").Select(heading => heading.Value).ShouldBe(
            ["Verdict", "The flow", "An order's life", "What an order costs", "Recovery", "The transports alone", "Everything", "Settings and machine", "How to repeat it", "What the figures do not say"]);
        foreach (var section in page.Descendants("section").Where(section => section.Descendants(Svg + "svg").Any()))
            section.Descendants("p").Where(line => (string?)line.Attribute("class") == "conditions").ShouldHaveSingleItem().Value.ShouldContain("sync_interval 2m");
        page.Descendants("pre").Single().Value.ShouldBe("./dev compare --full --seed 3");
    }

    [Fact]
    public void Figures_of_an_embedded_broker_are_marked_wherever_they_stand()
    {
        var comparison = AComparison.OneEmbedded();
        var page = Parsed("marked", ComparisonPage.Of(comparison));

        foreach (var row in page.Descendants("tr").Where(row => row.Elements().Any(cell => cell.Value.StartsWith("Kafka (function", StringComparison.Ordinal)) && row.Parent!.Name == "tbody"))
            ((string?)row.Attribute("class")).ShouldBe("embedded");
        foreach (var picture in page.Descendants(Svg + "svg"))
        {
            string[] told = [.. picture.Descendants(Svg + "text").Where(text => text.Value.Contains("Kafka", StringComparison.Ordinal)).Select(text => (string?)text.Attribute("class") ?? "")];
            told.ShouldAllBe(style => style.Contains("embedded", StringComparison.Ordinal));
            if (told.Length > 0) picture.Descendants(Svg + "text").Select(text => text.Value).ShouldContain(text => text.Contains(Figures.EmbeddedMark, StringComparison.Ordinal));
        }

        var markdown = ComparisonMarkdown.Of(comparison);
        markdown.Split('\n').Where(line => line.Contains("| _Kafka", StringComparison.Ordinal)).ShouldNotBeEmpty();
        markdown.Split('\n').Where(line => line.StartsWith('|') && line.Contains("_Kafka", StringComparison.Ordinal)).ShouldAllBe(line => line.Contains(Figures.EmbeddedMark));
    }

    [Fact]
    public void A_part_says_so_at_the_top_and_what_was_left_out_is_named()
    {
        var page = Parsed("part", ComparisonPage.Of(AComparison.Part()));

        page.Descendants("h2").First().Value.ShouldBe("Only a part was measured");
        page.Descendants("section").First().Value.ShouldContain("interrupted after 7 min");
        ComparisonPage.Of(AComparison.OneEmbedded()).ShouldContain("Kafka: recovery: the embedded broker keeps everything in memory");
    }

    [Fact]
    public void A_refused_run_shows_its_reason_and_no_figure()
    {
        var page = Parsed("refused", ComparisonPage.Of(Comparisons()["refused"]));

        page.Descendants("td").Where(cell => (string?)cell.Attribute("class") == "instead").Select(cell => cell.Value)
            .ShouldContain("refused: the generator was 80 ms late");
        page.Descendants("p").Select(line => line.Value).ShouldContain("Throughput against latency: no run counts.");
    }

    [Fact]
    public void Every_row_of_markdown_has_as_many_cells_as_its_header()
    {
        foreach (var comparison in Comparisons().Values)
        {
            var cells = 0;
            foreach (var line in ComparisonMarkdown.Of(comparison).Split('\n'))
            {
                if (!line.StartsWith('|')) cells = 0;
                else if (cells == 0) cells = CellsOf(line);
                else CellsOf(line).ShouldBe(cells, line);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Everything_can_be_written_to_a_file(string shape)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        Should.NotThrow(() => strict.GetBytes(ComparisonMarkdown.Of(Comparisons()[shape])));
        Should.NotThrow(() => strict.GetBytes(ComparisonPage.Of(Comparisons()[shape])));
    }

    [Fact]
    public async Task The_json_has_it_all()
    {
        using var stream = new MemoryStream();

        await ComparisonJson.WriteAsync(stream, AComparison.BothReal() with { TookSeconds = double.NaN }, TestContext.Current.CancellationToken);

        using var json = JsonDocument.Parse(stream.ToArray());
        json.RootElement.GetProperty("schema").GetInt32().ShouldBe(1);
        json.RootElement.GetProperty("tookSeconds").GetString().ShouldBe("NaN");
        json.RootElement.GetProperty("transports")[1].GetProperty("flow").GetProperty("runs")[0].GetProperty("acceptToEnd").GetProperty("curve").GetArrayLength().ShouldBeGreaterThan(10);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_console_tells_the_verdict_and_obeys_nobody(string shape)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 2_000;

        ComparisonConsole.Show(console, Comparisons()[shape]);

        text.ToString().ShouldNotContain('\u001b');
        foreach (var sentence in ComparisonVerdict.Of(Comparisons()[shape])) text.ToString().ShouldContain(sentence.Replace('\u001b', ' '));
    }

    private static Dictionary<string, Comparison> Comparisons()
    {
        var kafka = AComparison.Kafka();
        var strange = new Latency(1, double.NaN, 0, double.PositiveInfinity, double.NaN, -1, 0, [new CurvePoint(double.NaN, 1), new CurvePoint(50, double.PositiveInfinity), new CurvePoint(100, 0)]);
        return new(StringComparer.Ordinal)
        {
            ["both"] = AComparison.BothReal(),
            ["embedded"] = AComparison.OneEmbedded(),
            ["part"] = AComparison.Part(),
            ["alone"] = AComparison.Of(kafka),
            ["nothing"] = AComparison.Of(),
            ["empty"] = AComparison.Of(kafka with { Flow = null, Lane = [], Recovery = null }),
            ["no-runs"] = AComparison.Of(kafka with { Flow = kafka.Flow! with { Capacity = null, Runs = [] }, Lane = [], Recovery = null }),
            ["refused"] = AComparison.Of(kafka with
            {
                Flow = kafka.Flow! with { Runs = [.. kafka.Flow.Runs.Select(AComparison.Refused)] },
                Lane = [.. kafka.Lane.Select(row => row with { Refused = "1 message was lost" })],
            }),
            ["strange"] = AComparison.Of(kafka with
            {
                Flow = kafka.Flow! with { Capacity = double.NaN, Runs = [.. kafka.Flow.Runs.Select(run => run with { AcceptToEnd = strange, Ended = double.NaN, Processes = [new ProcessCost("x", double.NaN, double.NaN, double.NaN)], Stages = [new StageTime("accept", double.NaN)] })] },
                Recovery = new RecoveryResult([new RecoveryRun(1, 0, double.NaN, null, double.PositiveInfinity)]),
            }),
            ["hostile"] = AComparison.BothReal() with
            {
                Partial = Hostile,
                Warnings = [Hostile],
                Command = Hostile,
                Transports = [.. AComparison.BothReal().Transports.Select(transport => transport with
                {
                    Transport = Hostile,
                    LeftOut = [Hostile],
                    Settings = new Dictionary<string, string>(StringComparer.Ordinal) { [Hostile] = Hostile },
                })],
            },
        };
    }

    private static int CellsOf(string line) => Regex.Count(line, @"(?<!\\)\|", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static XDocument Parsed(string shape, string text)
    {
        if (Environment.GetEnvironmentVariable("COMPARISON_PAGES") is { } folder) File.WriteAllText(Path.Combine(folder, $"{shape}.html"), text);
        return XDocument.Parse(text);
    }
}
