using System.Net;
using System.Text;
using Payments;
using Payments.CallingTheProvider;
using Shared.Contracts;

namespace Units.Payments;

/// <summary>What is said to the provider, and what its answers mean.</summary>
public sealed class ProviderClientTests : IDisposable
{
    private static readonly Guid OrderId = Guid.Parse("0193a1b2-0000-7000-8000-000000000001");
    private readonly Wire _wire = new();

    [Theory]
    [InlineData("Authorizing", "/authorizations", "authorize", """{"reference":"0193a1b2-0000-7000-8000-000000000001","amount":79.50,"currency":"EUR","method":"visa"}""")]
    [InlineData("Capturing", "/authorizations/0193a1b2-0000-7000-8000-000000000001/capture", "capture", "")]
    [InlineData("Voiding", "/authorizations/0193a1b2-0000-7000-8000-000000000001/void", "void", "")]
    public async Task Each_step_is_one_call_under_a_key_of_its_own(string state, string path, string step, string body)
    {
        _wire.Answer = (HttpStatusCode.OK, "{}");

        await CallAsync(state);

        _wire.Seen.ShouldBe($"POST {path} {OrderId}:{step} {body}".TrimEnd());
    }

    [Theory]
    [InlineData("Authorizing", 201, "Authorized", null)]
    [InlineData("Authorizing", 402, "Declined", "The card was declined.")]
    [InlineData("Authorizing", 409, "Declined", "The card was declined.")]
    [InlineData("Capturing", 200, "Captured", null)]
    [InlineData("Voiding", 200, "Voided", null)]
    public async Task An_answer_is_understood(string state, int status, string verdict, string? reason)
    {
        _wire.Answer = ((HttpStatusCode)status, """{"type":"/problems/declined","title":"The card was declined."}""");

        (await CallAsync(state)).ShouldBe(new ProviderAnswer(Enum.Parse<ProviderVerdict>(verdict), reason));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    public async Task What_may_pass_is_told_apart(int status)
    {
        _wire.Answer = ((HttpStatusCode)status, "");

        await Should.ThrowAsync<ProviderUnavailableException>(() => CallAsync("Authorizing"));
    }

    [Theory]
    [InlineData("Authorizing", 400)]
    [InlineData("Authorizing", 422)]
    [InlineData("Capturing", 402)]
    [InlineData("Capturing", 404)]
    [InlineData("Capturing", 409)]
    [InlineData("Voiding", 409)]
    public async Task What_should_never_be_refused_is_not_taken_for_a_decline(string state, int status)
    {
        _wire.Answer = ((HttpStatusCode)status, """{"title":"no"}""");

        (await Should.ThrowAsync<ProviderRefusedException>(() => CallAsync(state))).Message.ShouldContain($"{status}: no");
    }

    [Theory]
    [InlineData("", "status 422")]
    [InlineData("<html>no</html>", "status 422")]
    [InlineData("""["no"]""", "status 422")]
    [InlineData("""{"title":"no\u0000 way"}""", "no\uFFFD way")]
    public async Task A_refusal_whose_words_cannot_be_read_is_a_refusal_all_the_same(string body, string words)
    {
        _wire.Answer = ((HttpStatusCode)422, body);

        (await Should.ThrowAsync<ProviderRefusedException>(() => CallAsync("Capturing"))).Problem.ShouldBe($"422: {words}");
    }

    public void Dispose() => _wire.Dispose();

    private async Task<ProviderAnswer> CallAsync(string state)
    {
        var payment = Payment.Authorizing(new AuthorizePayment(OrderId, 79.50m, "EUR", "visa"), DateTimeOffset.UnixEpoch, askedBy: default);
        payment.State = Enum.Parse<PaymentState>(state);
        using var http = new HttpClient(_wire, disposeHandler: false) { BaseAddress = new Uri("http://payment-provider") };
        return await new ProviderClient(http).CallAsync(payment, TestContext.Current.CancellationToken);
    }

    private sealed class Wire : HttpMessageHandler
    {
        public (HttpStatusCode Status, string Body) Answer { get; set; }

        public string Seen { get; private set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            Seen = $"{request.Method} {request.RequestUri!.AbsolutePath} {request.Headers.GetValues("Idempotency-Key").Single()} {body}".TrimEnd();
            return new HttpResponseMessage(Answer.Status) { Content = new StringContent(Answer.Body, Encoding.UTF8, "application/problem+json") };
        }
    }
}
