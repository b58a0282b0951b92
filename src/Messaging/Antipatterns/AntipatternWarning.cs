using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Antipatterns;

/// <summary>Says at start that this process is broken on purpose.</summary>
internal sealed partial class AntipatternWarning(Antipattern antipattern, ILogger<AntipatternWarning> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogBroken(antipattern.Name, antipattern.Breaks);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The anti-pattern {Name} is on, this service is broken on purpose: {Breaks}. See docs/antipatterns/{Name}.md")]
    private partial void LogBroken(string name, string breaks);
}
