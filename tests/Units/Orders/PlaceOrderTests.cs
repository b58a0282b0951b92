using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orders.PlacingAnOrder;

namespace Units.Orders;

public sealed class PlaceOrderTests
{
    public static TheoryData<string, string> Invalid => new()
    {
        { "invalid-customer", """{"paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""" },
        { "invalid-customer", """{"customerId":"","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""" },
        { "invalid-customer", $$"""{"customerId":"{{new string('c', 101)}}","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""" },
        { "invalid-payment-method", """{"customerId":"c","lines":[{"sku":"KETTLE","quantity":1}]}""" },
        { "invalid-payment-method", $$"""{"customerId":"c","paymentMethod":"{{new string('p', 51)}}","lines":[{"sku":"KETTLE","quantity":1}]}""" },
        { "invalid-customer", """{"customerId":"a\u0000b","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""" },
        { "invalid-payment-method", """{"customerId":"c","paymentMethod":"\u0007","lines":[{"sku":"KETTLE","quantity":1}]}""" },
        { "unknown-sku", """{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE\u0000","quantity":1}]}""" },
        { "no-lines", """{"customerId":"c","paymentMethod":"visa"}""" },
        { "no-lines", """{"customerId":"c","paymentMethod":"visa","lines":[]}""" },
        { "too-many-lines", Lines(101) },
        { "unknown-sku", """{"customerId":"c","paymentMethod":"visa","lines":[null]}""" },
        { "unknown-sku", """{"customerId":"c","paymentMethod":"visa","lines":[{"quantity":1}]}""" },
        { "invalid-quantity", """{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE"}]}""" },
        { "invalid-quantity", """{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":0}]}""" },
        { "invalid-quantity", """{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":-1}]}""" },
        { "invalid-quantity", """{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1001}]}""" },
        { "duplicate-sku", """{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1},{"sku":"KETTLE","quantity":2}]}""" },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void What_cannot_be_an_order_is_refused_with_its_own_problem(string problem, string body)
    {
        var details = Read(body).Validate().ShouldBeOfType<ProblemHttpResult>().ProblemDetails;

        details.Type.ShouldBe("/problems/" + problem);
        details.Status.ShouldBe(400);
        global::Orders.Problems.All.ShouldContain(type => type.Type == details.Type);
    }

    [Fact]
    public void The_smallest_and_the_largest_order_are_accepted()
    {
        Read("""{"customerId":"c","paymentMethod":"p","lines":[{"sku":"KETTLE","quantity":1}]}""").Validate().ShouldBeNull();
        Read(Lines(100)).Validate().ShouldBeNull();
    }

    [Fact]
    public void The_same_request_written_differently_has_the_same_hash()
    {
        var one = Read("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""");
        var other = Read("""{ "lines": [ { "quantity": 1, "sku": "KETTLE" } ], "extra": true, "paymentMethod": "visa", "customerId": "c" }""");

        other.Hash().ShouldBe(one.Hash());
    }

    [Theory]
    [InlineData("""{"customerId":"d","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""")]
    [InlineData("""{"customerId":"c","paymentMethod":"slow","lines":[{"sku":"KETTLE","quantity":1}]}""")]
    [InlineData("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":2}]}""")]
    [InlineData("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"GRINDER","quantity":1}]}""")]
    [InlineData("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1},{"sku":"GRINDER","quantity":1}]}""")]
    public void Another_request_has_another_hash(string body)
    {
        var one = Read("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""");

        Read(body).Hash().ShouldNotBe(one.Hash());
    }

    private static PlaceOrder Read(string body) => JsonSerializer.Deserialize<PlaceOrder>(body, JsonSerializerOptions.Web)!;

    private static string Lines(int count) =>
        $$"""{"customerId":"c","paymentMethod":"visa","lines":[{{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"sku":"S{{i}}","quantity":1000}"""))}}]}""";
}
