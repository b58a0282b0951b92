using System.Text;
using System.Xml.Linq;
using Lab.Proving;
using Lab.Reporting;

namespace Units.Lab;

public sealed class ProofPageTests
{
    private const string Hostile = "<script>alert('x')</script> \"quoted\" & ]]> <!-- \u0000\u0007\u001b[31m \ud800 \u202e </svg></style>";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public async Task The_page_is_well_formed_needs_nothing_else_and_runs_nothing()
    {
        foreach (var report in new[] { AProof.Kept(), AProof.Broken(), Empty() })
        {
            var (text, page) = await WriteAsync(report);

            text.ShouldNotContain("<script");
            text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("http://");
            text.ShouldNotContain("https://");
            page.Descendants().Attributes().Select(attribute => attribute.Name.LocalName)
                .ShouldAllBe(name => name != "src" && name != "href" && !name.StartsWith("on", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_picture_has_a_name_a_description_and_every_fault()
    {
        var report = AProof.Kept();

        var (_, page) = await WriteAsync(report);

        var picture = page.Descendants(Svg + "svg").ShouldHaveSingleItem();
        picture.Attribute("role")!.Value.ShouldBe("img");
        var names = picture.Attribute("aria-labelledby")!.Value.Split(' ');
        names.ShouldAllBe(id => picture.Descendants().Any(element => (string?)element.Attribute("id") == id && element.Value.Length > 0));
        var bars = picture.Descendants(Svg + "g").Where(bar => ((string?)bar.Attribute("class"))?.StartsWith("fault", StringComparison.Ordinal) == true).ToArray();
        bars.Select(bar => bar.Element(Svg + "text")!.Value).ShouldBe(report.Faults.Select(fault => $"{fault.Name} {fault.Target}"), ignoreOrder: true);
        bars.Select(bar => bar.Element(Svg + "title")!.Value).ShouldContain("broker-kill nats, 17.3 s to 19.7 s, back after 1.1 s");
        picture.Descendants(Svg + "text").Select(text => text.Value).ShouldContain("seconds");
    }

    [Fact]
    public async Task Nothing_drawn_lies_outside_the_picture()
    {
        var (_, page) = await WriteAsync(AProof.Kept());

        var picture = page.Descendants(Svg + "svg").Single();
        var width = double.Parse(picture.Attribute("width")!.Value);
        foreach (var rect in picture.Descendants(Svg + "rect"))
        {
            var x = double.Parse(rect.Attribute("x")!.Value);
            x.ShouldBeGreaterThanOrEqualTo(0);
            (x + double.Parse(rect.Attribute("width")!.Value)).ShouldBeLessThanOrEqualTo(width);
        }
    }

    [Fact]
    public async Task Text_of_strangers_stays_text()
    {
        var report = AProof.Broken(Hostile) with
        {
            DeadLetters = [new DeadLetterCount(Hostile, Hostile, Hostile, 1)],
            StillUnderWay = [Hostile],
            Faults = [AProof.Faults()[0] with { Note = Hostile, Target = Hostile }, AProof.Faults()[1] with { Failure = Hostile }],
        };

        var (text, page) = await WriteAsync(report);

        text.ShouldNotContain("<script");
        text.ShouldNotContain("\u001b");
        text.ShouldNotContain("\u202e");
        page.Descendants("td").Select(cell => cell.Value).ShouldContain("<script>alert('x')</script> \"quoted\" & ]]> <!-- \ufffd\ufffd\ufffd[31m \ufffd \ufffd </svg></style>");
    }

    [Fact]
    public async Task A_broken_promise_is_told_first_and_explained()
    {
        var (_, page) = await WriteAsync(AProof.Broken());

        page.Descendants("header").Single().Value.ShouldContain("1 violation of invariant 3, 1 message lost, never quiet: 3 pieces reserved");
        var explanation = page.Descendants("details").Single(details => details.Element("summary")!.Value.StartsWith("invariant 3", StringComparison.Ordinal));
        explanation.Value.ShouldContain("kill orders, 4.2 s to 5.3 s");
        explanation.Value.ShouldContain("inventory.reserve-stock.v1");
        page.Descendants("pre").Single().Value.ShouldBe("./dev prove --transport jetstream --coordination orchestration --seconds 120 --rate 50 --seed 3");
    }

    private static ProofReport Empty() => AProof.Kept() with { Faults = [], Timeline = [], Paths = [], DeadLetters = [], LeftOut = [] };

    private static async Task<(string Text, XDocument Page)> WriteAsync(ProofReport report)
    {
        using var stream = new MemoryStream();
        await ProofPage.WriteAsync(report, stream, TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("PROOF_PAGES") is { } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, $"{(report.Kept ? "kept" : "broken")}-{report.Faults.Count}.html"), stream.ToArray());
        var text = Encoding.UTF8.GetString(stream.ToArray());
        return (text, XDocument.Parse(text));
    }
}
