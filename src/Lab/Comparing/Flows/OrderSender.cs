using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Lab.Placing;

namespace Lab.Comparing.Flows;

/// <summary>
/// Places orders at one instance of Orders, past the app host's proxy, which is no part of what is measured, and once only: an order
/// that is repeated would hide that the first was not taken.
/// </summary>
/// <param name="orders">Where the instance listens.</param>
internal sealed class OrderSender(Uri orders) : IDisposable
{
    // More would only move the queue from here into the service; it counts as latency in either place.
    private const int ConnectionsAtOnce = 128;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = ConnectionsAtOnce, ActivityHeadersPropagator = null })
    {
        BaseAddress = orders,
        Timeout = Limit,
    };

    /// <summary>The body of an order, made before it is due: the generator is not to spend time on it.</summary>
    public static byte[] BodyOf(PlannedOrder order) =>
        JsonSerializer.SerializeToUtf8Bytes(new { order.CustomerId, order.Path.PaymentMethod, order.Lines }, JsonSerializerOptions.Web);

    /// <summary>Places an order.</summary>
    /// <returns>Its id, once it is accepted.</returns>
    /// <exception cref="LabException">It was refused, or not answered.</exception>
    public async Task<Guid> SendAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = new ByteArrayContent(body) { Headers = { ContentType = Json } } };
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode != HttpStatusCode.Accepted) throw new LabException($"an order was answered by {(int)response.StatusCode}");
            return Guid.TryParse(response.Headers.Location?.OriginalString.Split('/')[^1], out var orderId)
                ? orderId : throw new LabException("an order was accepted without its place");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new LabException($"an order was not answered: {failure.Message}", failure);
        }
    }

    public void Dispose() => _http.Dispose();
}
