using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Payments.CallingTheProvider;

/// <summary>
/// Speaks the provider's HTTP. Each call carries an idempotency key made of the order and the step, so repeating one, from
/// whichever process, has one effect. Thread-safe.
/// </summary>
internal sealed class ProviderClient(HttpClient http)
{
    /// <summary>Makes the call that a payment's state asks for, once.</summary>
    /// <exception cref="ProviderUnavailableException">It answered that it cannot answer now.</exception>
    /// <exception cref="ProviderRefusedException">It refused what it should not refuse; repeating will hardly help.</exception>
    /// <exception cref="HttpRequestException">It could not be reached, or the connection was cut.</exception>
    public async Task<ProviderAnswer> CallAsync(Payment payment, CancellationToken cancellationToken)
    {
        using var request = RequestFor(payment);
        using var response = await http.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
            return new ProviderAnswer(VerdictOf(payment.State));

        var status = response.StatusCode;
        if (status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500)
            throw new ProviderUnavailableException((int)status);

        var problem = await ReadProblemAsync(response, cancellationToken);
        // 409: it was voided at the provider before this call got there.
        if (payment.State is PaymentState.Authorizing && status is HttpStatusCode.PaymentRequired or HttpStatusCode.Conflict)
            return new ProviderAnswer(ProviderVerdict.Declined, problem);
        throw new ProviderRefusedException(payment.OrderId, payment.State, (int)status, problem);
    }

    private static HttpRequestMessage RequestFor(Payment payment)
    {
        var (path, step) = payment.State switch
        {
            PaymentState.Authorizing => ("authorizations", "authorize"),
            PaymentState.Capturing => ($"authorizations/{payment.OrderId}/capture", "capture"),
            PaymentState.Voiding => ($"authorizations/{payment.OrderId}/void", "void"),
            var state => throw new ArgumentException($"State {state} asks for no call.", nameof(payment)),
        };
        var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Idempotency-Key", $"{payment.OrderId}:{step}");
        if (payment.State is PaymentState.Authorizing)
            request.Content = JsonContent.Create(new Authorization(payment.OrderId, payment.Amount, payment.Currency, payment.Method));
        return request;
    }

    private static ProviderVerdict VerdictOf(PaymentState asked) => asked switch
    {
        PaymentState.Authorizing => ProviderVerdict.Authorized,
        PaymentState.Capturing => ProviderVerdict.Captured,
        _ => ProviderVerdict.Voided,
    };

    private static async Task<string> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not "application/problem+json")
            return $"status {(int)response.StatusCode}";
        try
        {
            var problem = await response.Content.ReadFromJsonAsync<Problem>(cancellationToken);
            return (problem?.Detail ?? problem?.Title)?.Replace('\0', '\ufffd') ?? $"status {(int)response.StatusCode}"; // PostgreSQL stores no NUL.
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not what it says it is, or in a character set that does not exist. The status counts, whatever its words are.
            return $"status {(int)response.StatusCode}";
        }
    }

    private sealed record Authorization(Guid Reference, decimal Amount, string Currency, string Method);

    private sealed record Problem([property: JsonPropertyName("title")] string? Title, [property: JsonPropertyName("detail")] string? Detail);
}

/// <summary>The provider answered that it cannot answer now.</summary>
internal sealed class ProviderUnavailableException(int status) : Exception($"The payment provider answered {status}.");

/// <summary>The provider refused what it should not refuse.</summary>
internal sealed class ProviderRefusedException(Guid orderId, PaymentState state, int status, string problem)
    : Exception($"The payment provider refused the step {state} of order {orderId} with {status}: {problem}")
{
    /// <summary>Status and the provider's words.</summary>
    public string Problem => $"{status}: {problem}";
}
