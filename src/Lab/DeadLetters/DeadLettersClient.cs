using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Lab.DeadLetters;

/// <summary>The operator's endpoints of one running service.</summary>
/// <param name="http">Its base address is the service's.</param>
internal sealed class DeadLettersClient(HttpClient http)
{
    /// <summary>Asks.</summary>
    /// <exception cref="LabException">The service does not answer, or refuses the question.</exception>
    /// <exception cref="NotDoneException">There is no such message.</exception>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, RelativeTo(path)), cancellationToken);

    /// <summary>Asks for something to be done. It is asked once: what became of a request without an answer, the list tells.</summary>
    /// <exception cref="LabException">The service does not answer, or refuses the request.</exception>
    /// <exception cref="NotDoneException">The message is not there, or not in a state in which it could be done.</exception>
    public Task<JsonElement> PostAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, RelativeTo(path)) { Content = JsonContent.Create(body) }, cancellationToken);

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using (request)
            {
                using var response = await http.SendAsync(request, cancellationToken);
                var text = await response.Content.ReadAsStringAsync(cancellationToken);
                return response.StatusCode is HttpStatusCode.OK ? JsonElement.Parse(text) : throw Refusal(response.StatusCode, text);
            }
        }
        catch (JsonException malformed)
        {
            throw new LabException($"{http.BaseAddress} answered with something else than JSON: {malformed.Message}", malformed);
        }
        catch (HttpRequestException failure)
        {
            throw new LabException($"{http.BaseAddress} does not answer: {failure.Message}", failure);
        }
        catch (TaskCanceledException late) when (late.InnerException is TimeoutException)
        {
            throw new LabException($"{http.BaseAddress} did not answer within {http.Timeout.TotalSeconds:0} s.", late);
        }
    }

    private Exception Refusal(HttpStatusCode status, string text)
    {
        var problem = TryReadProblem(text);
        if (problem?.Type?.StartsWith("/messages/problems/", StringComparison.Ordinal) is not true)
            return new LabException($"{http.BaseAddress} answered {(int)status}: {problem?.Title ?? "no"}. Is it the URL of Orders, Inventory or Payments?");
        var told = problem.Detail is null ? problem.Title! : $"{problem.Title} {problem.Detail}";
        return status is HttpStatusCode.NotFound or HttpStatusCode.Conflict ? new NotDoneException(told) : new LabException(told);
    }

    private static Problem? TryReadProblem(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Problem>(text, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null; // Whatever it is, no service of ours says it.
        }
    }

    private static Uri RelativeTo(string path) => new("messages/parked" + path, UriKind.Relative);

    private sealed record Problem(string? Type, string? Title, string? Detail);
}

/// <summary>The service understood, but could not do it to this message.</summary>
internal sealed class NotDoneException(string message) : Exception(message);
