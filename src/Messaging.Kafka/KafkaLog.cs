using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>librdkafka's own log lines, in ours.</summary>
internal static partial class KafkaLog
{
    public static void Forward(ILogger logger, LogMessage line)
    {
        var level = line.Level switch
        {
            <= SyslogLevel.Error => LogLevel.Warning,
            SyslogLevel.Warning => LogLevel.Information,
            _ => LogLevel.Debug,
        };
        if (logger.IsEnabled(level))
            LogLine(logger, level, line.Name, line.Facility, line.Message);
    }

    [LoggerMessage(EventId = 1, Message = "{Client} {Facility}: {Line}")]
    private static partial void LogLine(ILogger logger, LogLevel level, string client, string facility, string line);
}
