using Microsoft.Extensions.Configuration;
using ServiceDefaults.Discovery;

namespace Units.ServiceDefaults;

public sealed class ServiceEndpointsTests
{
    [Theory]
    [InlineData("http://payments/a/b?c=d", "http://localhost:5101/a/b?c=d")]
    [InlineData("https://payments/", "https://localhost:5102/")]
    [InlineData("https+http://payments/x", "https://localhost:5102/x")]
    [InlineData("https+http://plain/x", "http://localhost:5103/x")]
    [InlineData("http+https://payments/x", "http://localhost:5101/x")]
    [InlineData("http://_admin.payments/x", "http://localhost:5104/x")]
    [InlineData("http://svc-a/x", "http://localhost:5105/x")]
    [InlineData("http://PAYMENTS/x", "http://localhost:5101/x")]
    [InlineData("http://bare/x", "http://10.0.0.1:8080/x")]
    [InlineData("http://anything/x", "http://elsewhere:99/x")]
    public void A_configured_service_is_called_at_its_endpoint(string named, string expected)
    {
        using var endpoints = new ServiceEndpoints(Configuration(
            ("services:payments:http:0", "http://localhost:5101"),
            ("services:payments:https:0", "https://localhost:5102"),
            ("services:plain:http:0", "http://localhost:5103"),
            ("services:payments:admin:0", "http://localhost:5104"),
            ("services:svc-a:http:0", "http://localhost:5105"),
            ("services:bare:http:0", "10.0.0.1:8080"),
            ("services:anything:default:0", "http://elsewhere:99")));

        endpoints.Resolve(new Uri(named)).ShouldBe(new Uri(expected));
    }

    [Theory]
    [InlineData("http://example.org:81/x?y=z", "http://example.org:81/x?y=z")]
    [InlineData("https+http://unknown/x", "https://unknown/x")]
    [InlineData("https+http://unknown:8443/x", "https://unknown:8443/x")]
    [InlineData("https://onlyhttp/x", "https://onlyhttp/x")]
    [InlineData("http://_missing.onlyhttp/x", "http://_missing.onlyhttp/x")]
    public void An_address_without_a_matching_endpoint_stays_as_it_is(string named, string expected)
    {
        using var endpoints = new ServiceEndpoints(Configuration(("services:onlyhttp:http:0", "http://localhost:1")));

        endpoints.Resolve(new Uri(named)).ShouldBe(new Uri(expected));
    }

    [Fact]
    public void An_endpoint_of_a_scheme_that_was_not_asked_for_is_not_used()
    {
        using var endpoints = new ServiceEndpoints(Configuration(
            ("services:mixed:default:0", "http://localhost:1"),
            ("services:mixed:default:1", "https://localhost:2")));

        endpoints.Resolve(new Uri("https://mixed/")).ShouldBe(new Uri("https://localhost:2/"));
        endpoints.Resolve(new Uri("https://mixed/")).ShouldBe(new Uri("https://localhost:2/"));
    }

    [Fact]
    public void Several_endpoints_take_turns()
    {
        using var endpoints = new ServiceEndpoints(Configuration(
            ("services:orders:http:0", "http://localhost:1"),
            ("services:orders:http:1", "http://localhost:2"),
            ("services:orders:http:2", "http://localhost:3")));

        var ports = Enumerable.Range(0, 7).Select(_ => endpoints.Resolve(new Uri("http://orders/")).Port);

        ports.ShouldBe([1, 2, 3, 1, 2, 3, 1]);
    }

    [Fact]
    public void A_change_of_the_configuration_is_followed()
    {
        var configuration = Configuration(("services:orders:http:0", "http://localhost:1"));
        using var endpoints = new ServiceEndpoints(configuration);
        endpoints.Resolve(new Uri("http://orders/")).Port.ShouldBe(1);

        configuration["services:orders:http:0"] = "http://localhost:2";
        configuration.Reload();

        endpoints.Resolve(new Uri("http://orders/")).Port.ShouldBe(2);
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value)))
            .Build();
}
