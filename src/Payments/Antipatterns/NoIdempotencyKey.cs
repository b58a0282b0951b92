using Messaging.Antipatterns;
using Payments.CallingTheProvider;

namespace Payments.Antipatterns;

/// <summary>Names each attempt anew, as a key does that is made when the request is: to the provider a repeat is another request.</summary>
internal sealed class NoIdempotencyKey : DelegatingHandler
{
    private const string Header = "Idempotency-Key";

    public static Antipattern Antipattern { get; } = new(
        "no-idempotency-key",
        "the provider takes a call that is repeated for another one and sets the money aside once more",
        services =>
        {
            services.AddTransient<NoIdempotencyKey>();
            services.AddHttpClient<ProviderClient>().AddHttpMessageHandler<NoIdempotencyKey>();
        });

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var step = request.Headers.GetValues(Header).Single();
        request.Headers.Remove(Header);
        request.Headers.Add(Header, $"{step}:{Guid.NewGuid():N}");
        return base.SendAsync(request, cancellationToken);
    }
}
