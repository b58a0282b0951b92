using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;

namespace Lab.DeadLetters;

/// <summary>The verb <c>deadletters</c>: what an operator does about parked and dead messages, over a running service's endpoints.</summary>
internal static class DeadLettersCommand
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromMinutes(10);

    private static readonly Option<Uri?> Url = new("--url")
    {
        Description = "The service's URL, as ./dev up prints it.",
        Required = true,
        CustomParser = ParseUrl,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Prints the service's answer as JSON." };
    private static readonly Option<string?> Consumer = new("--consumer") { Description = "Who could not handle them; outbox: the broker refused them." };
    private static readonly Option<string?> Type = new("--type") { Description = "The type of message." };
    private static readonly Option<string?> Key = new("--key") { Description = "Their key, such as an order id." };
    private static readonly Option<string?> Cause = new("--cause") { Description = "Their cause as 'causes' prints it." };
    private static readonly Option<string?> State = new("--state") { Description = "parked or dead.", HelpName = "parked|dead" };
    private static readonly Option<long?> After = new("--after") { Description = "Only what has a higher id." };
    private static readonly Option<int> Limit = Verb.Number("--limit", "How many to list", 100, 500);
    private static readonly Option<long[]?> Ids = new("--ids") { Description = "Their ids, such as 1,2,3.", CustomParser = ParseIds };
    private static readonly Option<long?> UpTo = new("--up-to") { Description = "The highest id you have seen: leaves alone what came later." };
    private static readonly Option<FileInfo> Body = new("--body") { Description = "A file with the new body, a JSON object.", Required = true };
    private static readonly Option<int?> Version = new("--version-seen") { Description = "The version you have seen: refuses when something happened since." };
    private static readonly Argument<long> Id = new("id") { Description = "The id that 'list' prints.", CustomParser = ParseId };

    public static Command Create() => new("deadletters", "Lists, explains, redrives, discards and edits parked and dead messages of a running service.")
    {
        List(), Causes(), Show(), Operate("redrive", "Tries dead messages again, and then those that wait behind them."),
        Operate("discard", "Removes messages for good; those that wait behind them move up."), Edit(),
    };

    private static Command List()
    {
        State.AcceptOnlyFromAmong("parked", "dead");
        var command = new Command("list", "Lists parked and dead messages, the oldest first.") { Url, Consumer, Type, Key, Cause, State, After, Limit, Json };
        command.SetAction((arguments, cancel) => RunAsync(arguments, async client =>
        {
            (string Name, string? Value)[] filters =
            [
                ("consumer", arguments.GetValue(Consumer)), ("type", arguments.GetValue(Type)), ("key", arguments.GetValue(Key)),
                ("cause", arguments.GetValue(Cause)), ("state", arguments.GetValue(State)),
                ("after", arguments.GetValue(After)?.ToString(CultureInfo.InvariantCulture)),
                ("limit", arguments.GetValue(Limit).ToString(CultureInfo.InvariantCulture)),
            ];
            var query = filters.Where(filter => filter.Value is not null).Select(filter => $"{filter.Name}={Uri.EscapeDataString(filter.Value!)}");
            Print<ParkedPage>(arguments, await client.GetAsync($"?{string.Join('&', query)}", cancel), DeadLettersView.Show);
            return ExitCodes.Kept;
        }, cancel));
        return command;
    }

    private static Command Causes()
    {
        var command = new Command("causes", "Counts parked and dead messages by what they failed of.") { Url, Json };
        command.SetAction((arguments, cancel) => RunAsync(arguments, async client =>
        {
            Print<CauseList>(arguments, await client.GetAsync("/causes", cancel), DeadLettersView.Show);
            return ExitCodes.Kept;
        }, cancel));
        return command;
    }

    private static Command Show()
    {
        var command = new Command("show", "Shows one message with attributes, body and history.") { Id, Url, Json };
        command.SetAction((arguments, cancel) => RunAsync(arguments, async client =>
        {
            Print<ParkedDetail>(arguments, await client.GetAsync(Path(arguments), cancel), DeadLettersView.Show);
            return ExitCodes.Kept;
        }, cancel));
        return command;
    }

    private static Command Operate(string name, string description)
    {
        var command = new Command(name, description) { Url, Ids, Consumer, Cause, Type, UpTo, Json };
        command.Validators.Add(result =>
        {
            var byIds = result.GetResult(Ids) is not null;
            var named = new Option[] { Consumer, Cause, Type, UpTo }.Where(option => result.GetResult(option) is not null).ToArray();
            if (byIds ? named.Length > 0 : !(named.Contains(Consumer) && named.Contains(Cause)))
                result.AddError($"{name} takes either --ids, or --consumer and --cause with --type and --up-to as you like.");
        });
        command.SetAction((arguments, cancel) => RunAsync(arguments, async client =>
        {
            object selection = arguments.GetResult(Ids) is not null
                ? new { ids = arguments.GetValue(Ids) }
                : new
                {
                    group = new { consumer = arguments.GetValue(Consumer), cause = arguments.GetValue(Cause), type = arguments.GetValue(Type) },
                    upTo = arguments.GetValue(UpTo),
                };
            var report = Print<OperationReport>(arguments, await client.PostAsync($"/{name}", selection, cancel), DeadLettersView.Show);
            return report.Remaining == 0 && report.Outcomes.All(outcome => outcome.IsDone) ? ExitCodes.Kept : ExitCodes.NotAllDone;
        }, cancel));
        return command;
    }

    private static Command Edit()
    {
        Body.AcceptExistingOnly();
        var command = new Command("edit", "Gives a dead message another body and tries it again, as one step.") { Id, Url, Body, Version, Json };
        command.SetAction((arguments, cancel) => RunAsync(arguments, async client =>
        {
            var edit = new { body = await ReadAsync(arguments.GetValue(Body)!, cancel), version = arguments.GetValue(Version) };
            var answer = await client.PostAsync($"{Path(arguments)}/edit-and-redrive", edit, cancel);
            Print<MessageOutcome>(arguments, answer, (output, outcome) => output.WriteLine($"{outcome.Id}: {outcome.Outcome}"));
            return ExitCodes.Kept;
        }, cancel));
        return command;
    }

    private static Task<int> RunAsync(ParseResult arguments, Func<DeadLettersClient, Task<int>> run, CancellationToken cancellationToken) =>
        Verb.RunAsync(output: null, async (_, _) =>
        {
            using var http = new HttpClient { BaseAddress = arguments.GetValue(Url), Timeout = CallLimit };
            try
            {
                return await run(new DeadLettersClient(http));
            }
            catch (NotDoneException refusal)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync(refusal.Message.ReplaceLineEndings(" "));
                return ExitCodes.NotAllDone;
            }
        }, cancellationToken);

    private static T Print<T>(ParseResult arguments, JsonElement answer, Action<TextWriter, T> show)
    {
        var output = arguments.InvocationConfiguration.Output;
        try
        {
            var value = answer.Deserialize<T>(JsonSerializerOptions.Web)!;
            if (arguments.GetValue(Json))
                output.WriteLine(answer.GetRawText());
            else
                show(output, value);
            return value;
        }
        catch (JsonException malformed)
        {
            throw new LabException($"The service's answer cannot be read: {malformed.Message}", malformed);
        }
    }

    private static async Task<JsonElement> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            return JsonElement.Parse(await File.ReadAllBytesAsync(file.FullName, cancellationToken));
        }
        catch (JsonException malformed)
        {
            throw new LabException($"{file} is not JSON: {malformed.Message}", malformed);
        }
    }

    private static string Path(ParseResult arguments) => string.Create(CultureInfo.InvariantCulture, $"/{arguments.GetValue(Id)}");

    private static Uri? ParseUrl(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            return url;
        result.AddError($"--url takes a URL such as http://localhost:5000, not '{text}'.");
        return null;
    }

    private static long ParseId(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            result.AddError($"The id is a number that 'list' prints, not '{text}'.");
        return id;
    }

    private static long[]? ParseIds(ArgumentResult result)
    {
        var text = string.Join(',', result.Tokens.Select(token => token.Value));
        var ids = new List<long>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                result.AddError($"--ids takes numbers with commas between, not '{text}'.");
                return null;
            }

            ids.Add(id);
        }

        return [.. ids];
    }
}
