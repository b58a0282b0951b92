using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Support;

namespace Patterns;

public sealed class ParkedMessageViewTests(Servers servers)
{
    [Fact]
    public async Task Parked_messages_are_listed_page_by_page_the_oldest_first()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkManyAsync(5, "it broke");

        var first = await service.GetAsync("/messages/parked?limit=2");
        var second = await service.GetAsync($"/messages/parked?limit=2&after={first.GetProperty("next")}");
        var third = await service.GetAsync($"/messages/parked?limit=2&after={second.GetProperty("next")}");

        new[] { first, second, third }.SelectMany(Keys).ShouldBe(["it broke 1", "it broke 2", "it broke 3", "it broke 4", "it broke 5"]);
        third.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        first.GetProperty("messages")[0].TryGetProperty("body", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("consumer=reading", "b")]
    [InlineData("key=a", "a", "a")]
    [InlineData("cause=too+late", "c")]
    [InlineData("state=parked", "a")]
    [InlineData("type=patterns.other.v1", "c")]
    [InlineData("consumer=counting&state=dead", "a", "c")]
    [InlineData("consumer=nobody")]
    public async Task A_list_is_narrowed_by_consumer_type_key_cause_and_state(string filter, params string[] keys)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkAsync("a", 1);
        await service.ParkAsync("a", 2, "parked");
        await service.ParkAsync("b", 1, consumer: "reading");
        await service.ParkAsync("c", 1, cause: "too late", type: "patterns.other.v1");

        Keys(await service.GetAsync($"/messages/parked?{filter}")).ShouldBe(keys);
    }

    [Fact]
    public async Task Causes_are_counted_with_their_times_and_the_highest_id()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkManyAsync(3, "it broke");
        var late = await service.ParkAsync("a", 1, cause: "too late");

        var groups = (await service.GetAsync("/messages/parked/causes")).GetProperty("groups").EnumerateArray().ToArray();

        groups.Select(group => $"{group.GetProperty("consumer")} {group.GetProperty("type")} {group.GetProperty("cause")} {group.GetProperty("state")} {group.GetProperty("count")}")
            .ShouldBe(["counting patterns.counted.v1 it broke dead 3", "counting patterns.counted.v1 too late dead 1"]);
        groups[0].GetProperty("first").GetDateTimeOffset().ShouldBeLessThanOrEqualTo(groups[0].GetProperty("last").GetDateTimeOffset());
        groups[1].GetProperty("upTo").GetInt64().ShouldBe(late);
    }

    [Fact]
    public async Task One_message_is_shown_with_all_that_is_known_of_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkAsync("a", 1);
        var second = await service.ParkAsync("a", 2, "parked");
        await service.ParkAsync("a", 3, "parked");

        var message = await service.GetAsync($"/messages/parked/{second}");

        message.GetProperty("attributes").GetProperty("source").GetString().ShouldBe("/patterns");
        message.GetProperty("body").GetProperty("number").GetInt32().ShouldBe(2);
        message.GetProperty("detail").GetString().ShouldBe("at line 1");
        message.GetProperty("history")[0].GetProperty("cause").GetString().ShouldBe("it broke");
        (message.GetProperty("ahead").GetInt64(), message.GetProperty("behind").GetInt64(), message.GetProperty("version").GetInt32()).ShouldBe((1, 1, 1));
        message.GetProperty("message").GetProperty("due").ValueKind.ShouldBe(JsonValueKind.Null);
        await database.ExecuteAsync($"update messaging.parked set body = '\\x00c3bf' where parked_id = {second}");
        (await service.GetAsync($"/messages/parked/{second}")).GetProperty("bodyBase64").GetBytesFromBase64().ShouldBe([0, 0xc3, 0xbf]);
    }

    [Theory]
    [InlineData("GET", "?limit=0", null, 400, "invalid-filter")]
    [InlineData("GET", "?limit=501", null, 400, "invalid-filter")]
    [InlineData("GET", "?after=x", null, 400, "invalid-filter")]
    [InlineData("GET", "?state=alive", null, 400, "invalid-filter")]
    [InlineData("GET", "?key=%00", null, 400, "invalid-filter")]
    [InlineData("GET", "/4711", null, 404, "message-not-found")]
    [InlineData("POST", "/redrive", "", 400, "malformed-body")]
    [InlineData("POST", "/redrive", "null", 400, "malformed-body")]
    [InlineData("POST", "/redrive", "[1]", 400, "malformed-body")]
    [InlineData("POST", "/redrive", """{"ids":["one"]}""", 400, "malformed-body")]
    [InlineData("POST", "/redrive", """{"ids":[1],"upto_":2}""", 400, "malformed-body")]
    [InlineData("POST", "/discard", "{}", 422, "invalid-selection")]
    [InlineData("POST", "/discard", """{"ids":[]}""", 422, "invalid-selection")]
    [InlineData("POST", "/discard", """{"ids":[1],"upTo":1}""", 422, "invalid-selection")]
    [InlineData("POST", "/discard", """{"ids":[1],"group":{"consumer":"c","cause":"x"}}""", 422, "invalid-selection")]
    [InlineData("POST", "/discard", """{"group":{"consumer":"c"}}""", 400, "malformed-body")]
    [InlineData("POST", "/discard", """{"group":{"consumer":"c","cause":""}}""", 422, "invalid-selection")]
    [InlineData("POST", "/discard", """{"group":{"consumer":"c\u0000","cause":"x"}}""", 422, "invalid-selection")]
    [InlineData("POST", "/1/edit-and-redrive", "{}", 400, "malformed-body")]
    public async Task A_bad_request_is_told_what_is_wrong_with_it(string method, string path, string? body, int status, string type)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri("/messages/parked" + path, UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        await ShouldBeProblemAsync(service, request, status, type);
    }

    [Fact]
    public async Task A_body_too_large_or_of_another_kind_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var path = new Uri("/messages/parked/redrive", UriKind.Relative);

        using var large = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent($$"""{"ids":[{{new string(' ', 70_000)}}1]}""", Encoding.UTF8, "application/json"),
        };
        await ShouldBeProblemAsync(service, large, 413, "body-too-large");
        using var text = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("ids", Encoding.UTF8, "text/plain") };
        using var refused = await service.Http.SendAsync(text, TestContext.Current.CancellationToken);
        refused.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        using var many = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent($$"""{"ids":[{{string.Join(',', Enumerable.Range(1, 1_001))}}]}""", MediaTypeHeaderValue.Parse("application/json")),
        };
        await ShouldBeProblemAsync(service, many, 422, "invalid-selection");
    }

    private static async Task ShouldBeProblemAsync(OperatedService service, HttpRequestMessage request, int status, string type)
    {
        using var response = await service.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var problem = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe((HttpStatusCode)status, problem);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        JsonElement.Parse(problem).GetProperty("type").GetString().ShouldBe($"/messages/problems/{type}");
    }

    private static IEnumerable<string?> Keys(JsonElement page) =>
        page.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("key").GetString());
}
