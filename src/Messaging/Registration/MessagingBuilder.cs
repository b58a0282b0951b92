using MassTransit;
using MassTransit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging;

/// <summary>What a service says about its messaging: which messages, which transports to choose from, who receives what.</summary>
public sealed class MessagingBuilder
{
    private readonly List<MessageDefinition> _messages = [];
    private readonly List<ReceiverDefinition> _receivers = [];
    private readonly List<AnswerDefinition> _answers = [];
    private readonly Dictionary<string, Func<IServiceProvider, ITransport>> _transports = new(StringComparer.OrdinalIgnoreCase);

    internal MessagingBuilder(IServiceCollection services, IConfiguration configuration, string serviceName)
    {
        Services = services;
        Configuration = configuration;
        ServiceName = serviceName;
    }

    /// <summary>Where transports and stores register themselves.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The service's configuration: <c>Transport</c> chooses the transport, <c>ConnectionStrings</c> names the servers.</summary>
    public IConfiguration Configuration { get; }

    /// <summary>The service's name, such as <c>orders</c>; messages carry it as their source, <c>/orders</c>.</summary>
    public string ServiceName { get; }

    /// <summary>Says where saga instances live; set by the store. Null: a receiver with a saga refuses to start.</summary>
    public ISagaRepositoryRegistrationProvider? SagaRepositories { get; set; }

    internal IReadOnlyList<MessageDefinition> Definitions => _messages;

    internal IReadOnlyList<ReceiverDefinition> Receivers => _receivers;

    internal IReadOnlyList<AnswerDefinition> Answers => _answers;

    internal IReadOnlyDictionary<string, Func<IServiceProvider, ITransport>> Transports => _transports;

    /// <summary>Adds messages to the catalog.</summary>
    public MessagingBuilder Messages(IEnumerable<MessageDefinition> definitions)
    {
        _messages.AddRange(definitions);
        return this;
    }

    /// <summary>Offers a transport under a name; the configuration value <c>Transport</c> chooses among those offered.</summary>
    public MessagingBuilder AddTransport(string name, Func<IServiceProvider, ITransport> create)
    {
        _transports.Add(name, create);
        return this;
    }

    /// <summary>
    /// Receives topics as a consumer group. Messages that no handler of the group wants are settled and forgotten; messages the
    /// catalog does not know are parked.
    /// </summary>
    /// <param name="group">The group's name, also the inbox's consumer name. Stable for ever: it names positions at the broker.</param>
    /// <param name="topics">The topics.</param>
    /// <param name="handlers">Names the consumers and sagas.</param>
    public MessagingBuilder Receive(string group, IReadOnlyList<string> topics, Action<ReceiverBuilder> handlers)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        var builder = new ReceiverBuilder();
        handlers(builder);
        _receivers.Add(new ReceiverDefinition(group, topics, builder.Handlers, builder.Options));
        return this;
    }

    /// <summary>
    /// Answers requests of a type; the service's instances share them. What <paramref name="answer"/> throws, the asker gets as a
    /// <see cref="RequestFailedException"/> with the exception's message. Both types are in the catalog. The host refuses to
    /// start where the transport has no request-reply.
    /// </summary>
    /// <param name="answer">Answers one request, with the services of a scope of its own. Called side by side.</param>
    /// <param name="concurrency">The most requests in an instance's hands at a time. Default 16.</param>
    public MessagingBuilder Answer<TRequest, TReply>(Func<TRequest, IServiceProvider, CancellationToken, Task<TReply>> answer, int concurrency = 16)
        where TRequest : class
        where TReply : class
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        _answers.Add(new AnswerDefinition(typeof(TRequest), typeof(TReply), concurrency, async (message, services, cancellationToken) =>
        {
            var request = RequestMessages.Read<TRequest>(message, out var error)
                ?? throw new ArgumentException($"The request cannot be read: {error}", nameof(message));
            return await answer(request, services, cancellationToken);
        }));
        return this;
    }
}

/// <summary>Names the handlers of one consumer group.</summary>
public sealed class ReceiverBuilder
{
    internal List<HandlerDefinition> Handlers { get; } = [];

    /// <summary>How the group receives. See <see cref="ReceiveOptions"/>.</summary>
    public ReceiveOptions Options { get; } = new();

    /// <summary>How a message that fails is tried again. Default: <see cref="RetryPolicy.Default"/>.</summary>
    public ReceiverBuilder Retry(RetryPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Options.Retry = policy;
        return this;
    }

    /// <summary>The same for failures of one kind. See <see cref="ReceiveOptions.RetryOn{TException}"/>.</summary>
    public ReceiverBuilder RetryOn<TException>(RetryPolicy policy)
        where TException : Exception
    {
        Options.RetryOn<TException>(policy);
        return this;
    }

    /// <summary>Adds a MassTransit consumer.</summary>
    public ReceiverBuilder Consumer<TConsumer>()
        where TConsumer : class, IConsumer
    {
        Handlers.Add(HandlerDefinition.ForConsumer<TConsumer>());
        return this;
    }

    /// <summary>Adds a MassTransit saga state machine; its instances live in the repository that the store registers.</summary>
    public ReceiverBuilder Saga<TStateMachine, TInstance>()
        where TStateMachine : class, SagaStateMachine<TInstance>
        where TInstance : class, SagaStateMachineInstance
    {
        Handlers.Add(HandlerDefinition.ForSaga<TStateMachine, TInstance>());
        return this;
    }
}
