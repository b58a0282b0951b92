using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lab.Checking;

namespace Lab.Placing;

/// <summary>The public API of Orders, as a customer uses it: with an idempotency key, and again when no answer comes.</summary>
internal sealed class OrdersClient(HttpClient http, Patience patience)
{
    /// <summary>Places an order.</summary>
    /// <returns>The id of the accepted order.</returns>
    /// <exception cref="LabException">The API refused the order, or did not answer in time.</exception>
    public Task<Guid> PlaceAsync(PlannedOrder order, CancellationToken cancellationToken) => patience.KeepTryingAsync(
        $"placing order {order.IdempotencyKey}",
        async cancel =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
            request.Headers.Add("Idempotency-Key", order.IdempotencyKey.ToString());
            request.Content = JsonContent.Create(new { order.CustomerId, order.Path.PaymentMethod, order.Lines });
            using var response = await http.SendAsync(request, cancel);
            await ExpectAsync(response, HttpStatusCode.Accepted, cancel);
            return (await ReadAsync<Accepted>(response, cancel)).OrderId;
        },
        cancellationToken);

    /// <summary>Asks to cancel an order.</summary>
    /// <returns>False when the order had already ended, or nobody knows it: whether that may be, is not for a customer to say.</returns>
    public Task<bool> CancelAsync(Guid orderId, CancellationToken cancellationToken) => patience.KeepTryingAsync(
        $"cancelling order {orderId}",
        async cancel =>
        {
            using var response = await http.DeleteAsync(new Uri($"/orders/{orderId}", UriKind.Relative), cancel);
            if (response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound) return false;
            await ExpectAsync(response, HttpStatusCode.Accepted, cancel);
            return true;
        },
        cancellationToken);

    /// <summary>Reads an order, or null while the read model does not know it yet.</summary>
    public Task<OrderView?> FindAsync(Guid orderId, CancellationToken cancellationToken) => patience.KeepTryingAsync(
        $"reading order {orderId}",
        async cancel =>
        {
            using var response = await http.GetAsync(new Uri($"/orders/{orderId}", UriKind.Relative), cancel);
            if (response.StatusCode is HttpStatusCode.NotFound) return null;
            await ExpectAsync(response, HttpStatusCode.OK, cancel);
            return await ReadAsync<OrderView>(response, cancel);
        },
        cancellationToken);

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(cancellationToken)
                ?? throw new LabException($"{Describe(response)} with no body");
        }
        catch (JsonException malformed)
        {
            throw new LabException($"{Describe(response)} with a body the lab cannot read: {malformed.Message}", malformed);
        }
    }

    // A refusal is final, everything from 500 on may pass.
    private static async Task ExpectAsync(HttpResponseMessage response, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        if (response.StatusCode == expected) return;
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        var seen = $"{Describe(response)} instead of {(int)expected}: {body.ReplaceLineEndings(" ")}";
        if (response.StatusCode >= HttpStatusCode.InternalServerError) throw new HttpRequestException(seen);
        throw new LabException(seen);
    }

    private static string Describe(HttpResponseMessage response) =>
        $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.PathAndQuery} answered {(int)response.StatusCode}";

    private sealed record Accepted(Guid OrderId);
}
