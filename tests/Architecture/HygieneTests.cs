using System.Text.RegularExpressions;

namespace Architecture;

public sealed partial class HygieneTests
{
    private static IEnumerable<string> Sources => Repository.Files("*.cs").Where(file => !file.StartsWith("tests/Architecture/", StringComparison.Ordinal));

    [Fact]
    public void Nothing_blocks_a_thread_and_nothing_is_left_for_later()
    {
        var offenders =
            from file in Sources
            from line in Repository.Read(file).Split('\n')
            where Forbidden().IsMatch(line)
            select $"{file}: {line.Trim()}";

        offenders.ShouldBeEmpty();
    }

    [Fact]
    public void No_folder_or_project_is_a_place_for_leftovers()
    {
        string[] leftovers = ["Common", "Core", "Utils", "Util", "Helpers", "Misc"];

        // The official client's own namespace is NATS.Client.Core; its stand-in keeps the name.
        Repository.Files("*.cs")
            .Where(file => !file.StartsWith("src/Standins/NATS.Net/Core/", StringComparison.Ordinal))
            .Where(file => file.Split('/')[..^1].Intersect(leftovers, StringComparer.Ordinal).Any())
            .ShouldBeEmpty();
    }

    [Fact]
    public void The_stand_ins_stay_smaller_than_7000_lines_of_code()
    {
        var lines =
            from file in Repository.Files("*.cs")
            where file.StartsWith("src/Standins/", StringComparison.Ordinal)
            from line in Repository.Read(file).Split('\n')
            let text = line.Trim()
            where text.Length > 0 && !text.StartsWith("//", StringComparison.Ordinal)
            select text;

        lines.Count().ShouldBeLessThan(7_000, "they stand in for two packages; blank lines and comments do not count");
    }

    [Fact]
    public void Links_in_the_documents_lead_somewhere()
    {
        var broken =
            from file in Repository.Files("*.md")
            from Match link in MarkdownLink().Matches(Repository.Read(file))
            let target = link.Groups["target"].Value.Split('#')[0]
            where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
            let path = Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, target)
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{file}: {target}";

        broken.ShouldBeEmpty();
    }

    [Fact]
    public void Tests_that_the_documents_tell_to_run_exist()
    {
        var tests = Repository.Files("*.cs").Where(file => file.StartsWith("tests/", StringComparison.Ordinal)).SelectMany(TestsIn).ToArray();

        var unknown =
            from file in Repository.Files("*.md")
            from Match command in OnlyOption().Matches(Repository.Read(file))
            let text = command.Groups["text"].Value
            where !tests.Any(test => test.Contains(text, StringComparison.Ordinal))
            select $"{file}: --only {text}";

        unknown.ShouldBeEmpty();
    }

    private static IEnumerable<string> TestsIn(string file)
    {
        var source = Repository.Read(file);
        return from Match space in Namespace().Matches(source)
               from Match type in TestClass().Matches(source)
               from Match method in TestMethod().Matches(source)
               select $"{space.Groups["name"]}.{type.Groups["name"]}.{method.Groups["name"]}";
    }

    [GeneratedRegex(@"\./dev test .*--only (?<text>[\w.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OnlyOption();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^public (sealed |abstract |partial )*class (?<name>\w+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex TestClass();

    [GeneratedRegex(@"^    public (async )?(Task|void) (?<name>\w+)\(", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex TestMethod();

    [GeneratedRegex(@"\bThread\.Sleep\(|\bTask\.Run\(|NotImplementedException|\bTODO\b|\bHACK\b|\.GetAwaiter\(\)\.GetResult\(\)", RegexOptions.None, 1000)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MarkdownLink();
}
