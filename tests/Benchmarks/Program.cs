using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Running;

// --filter takes part of a name, all is measured without it; the rest are BenchmarkDotNet's own options, such as --job short.
string[] options = [.. args.Select((option, i) => i > 0 && args[i - 1] is "--filter" or "-f" && !option.Contains('*') ? $"*{option}*" : option)];
if (!options.Any(option => option is "--filter" or "-f" or "--list"))
    options = [.. options, "--filter", "*"];

var config = DefaultConfig.Instance
    .AddDiagnoser(MemoryDiagnoser.Default)
    .WithArtifactsPath(Path.Combine("artifacts", "benchmarks"));

// In this process: a process for each benchmark would be built anew, by settings that are not this repository's.
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. options, "--inProcess"], config).ToList();

if (options.Contains("--list"))
    return 0;
if (summaries.Count == 0)
    return 2; // A wrong option, or a filter that fits nothing: BenchmarkDotNet has said so.
return summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
