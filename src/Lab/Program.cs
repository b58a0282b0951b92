using System.CommandLine;
using Lab;
using Lab.Benching;
using Lab.Comparing;
using Lab.DeadLetters;
using Lab.Demo;
using Lab.Proving;

var root = new RootCommand("Drives the order system from outside and checks what it promises.")
{
    DemoCommand.Create(), ProveCommand.Create(), CompareCommand.Create(), BenchCommand.Create(), DeadLettersCommand.Create(),
};
var command = root.Parse(args);
if (command.Errors is [.., var error])
{
    await Console.Error.WriteLineAsync($"{error.Message.ReplaceLineEndings(" ")} {string.Join(' ', ["./dev", .. args.Take(1), "--help"])} says more.");
    return ExitCodes.CouldNotRun;
}

// Ctrl+C cancels the command, which then stops the system it started; that takes longer than the parser's default grants.
return await command.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
