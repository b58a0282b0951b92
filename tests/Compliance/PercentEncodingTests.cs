using Messaging.JetStream;

namespace Compliance;

public sealed class PercentEncodingTests
{
    [Theory]
    [InlineData("plain-text_1", "plain-text_1")]
    [InlineData("a b", "a%20b")]
    [InlineData("50% \"off\"", "50%25%20%22off%22")]
    [InlineData("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80")]
    [InlineData("line\r\nbreak", "line%0D%0Abreak")]
    public void A_header_value_is_encoded_as_the_binding_says_and_read_back(string text, string encoded)
    {
        PercentEncoding.ToHeader(text).ShouldBe(encoded);
        PercentEncoding.Decode(encoded).ShouldBe(text);
    }

    [Theory]
    [InlineData("order-1", "order-1")]
    [InlineData("a.b*c>d e", "a%2Eb%2Ac%3Ed%20e")]
    [InlineData("", "%")]
    [InlineData("%", "%25")]
    public void A_token_has_nothing_in_it_that_means_something_in_a_subject(string text, string token)
    {
        PercentEncoding.ToToken(text).ShouldBe(token);
        PercentEncoding.FromToken(token).ShouldBe(text);
    }

    [Fact]
    public void A_token_too_long_for_a_subject_is_a_hash_that_differs_from_key_to_key()
    {
        var one = PercentEncoding.ToToken(new string('ü', 1_000) + "1");
        var two = PercentEncoding.ToToken(new string('ü', 1_000) + "2");
        one.Length.ShouldBeLessThan(100);
        one.ShouldNotBe(two);
        PercentEncoding.FromToken(one).ShouldBeNull();
    }

    [Theory]
    [InlineData("100%", "100%")]
    [InlineData("%zz", "%zz")]
    [InlineData("%4", "%4")]
    public void What_was_not_encoded_is_read_as_it_is(string text, string expected) => PercentEncoding.Decode(text).ShouldBe(expected);
}
