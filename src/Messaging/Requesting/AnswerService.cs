using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>One kind of request that a service answers.</summary>
internal sealed record AnswerDefinition(
    Type RequestType, Type ReplyType, int Concurrency, Func<Message, IServiceProvider, CancellationToken, Task<object>> AnswerAsync);

/// <summary>Answers one kind of request for as long as the host runs. Stopping finishes what is in hand.</summary>
internal sealed partial class AnswerService(
    AnswerDefinition answer, ITransport transport, MessageCatalog catalog, MessageSource source, IServiceScopeFactory scopes, TimeProvider time,
    ILogger<AnswerService> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly MessageDefinition _request = catalog.Of(answer.RequestType);
    private readonly MessageDefinition _reply = catalog.Of(answer.ReplyType);

    /// <summary>Refuses to start where the transport has no request-reply.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Requests();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var responder = new Responder(_request.Name, source.Value.TrimStart('/'), answer.Concurrency);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Requests().RespondAsync(responder, HandleAsync, stoppingToken);
            }
            catch (TransportException exception)
            {
                LogLost(_request.Name, exception.Message);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private IRequestReply Requests() => transport.RequireRequestReply($"answering {_request.Name}");

    private async Task<Message> HandleAsync(Message request, CancellationToken cancellationToken)
    {
        using var activity = MessagingDiagnostics.StartAnswer(request);
        try
        {
            if (request.Type != _request.Name)
                throw new InvalidOperationException($"{_request.Name} is answered here, not {request.Type}.");
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<CurrentMessage>().Value = request;
            var reply = await answer.AnswerAsync(request, scope.ServiceProvider, cancellationToken);
            return RequestMessages.Create(_reply, reply, _reply.KeyOf(reply), source, time, request);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(exception, request.Type, request.Id);
            throw;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The responder of {Request} was lost and is set up again: {Cause}")]
    private partial void LogLost(string request, string cause);

    [LoggerMessage(LogLevel.Warning, "The request {Type} {Id} failed; its asker is told")]
    private partial void LogFailed(Exception exception, string type, string id);
}
