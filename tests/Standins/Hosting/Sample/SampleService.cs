using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Standins.Tests.Hosting.Sample;

/// <summary>A service that tells about itself and does harm on demand.</summary>
internal static class SampleService
{
    public const string Verb = "sample-service";

    public static async Task<int> RunAsync(string[] args)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddEnvironmentVariables("ASPNETCORE_").AddCommandLine(args);
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        if (builder.Configuration["exit"] is { } code)
            return int.Parse(code);

        var healthyFrom = DateTime.UtcNow + TimeSpan.Parse(builder.Configuration["healthy-after"] ?? "0");
        var app = builder.Build();
        foreach (var url in Environment.GetEnvironmentVariable("ASPNETCORE_URLS")!.Split(';'))
            app.Urls.Add(url);
        app.MapGet("/health", () => DateTime.UtcNow >= healthyFrom ? Results.Ok() : Results.StatusCode(503));
        app.MapPost("/sicken", () =>
        {
            healthyFrom = DateTime.MaxValue;
            return Environment.ProcessId.ToString();
        });
        app.MapGet("/pid", () => Environment.ProcessId.ToString());
        app.MapGet("/args", () => Results.Text(string.Join(' ', args)));
        app.MapGet("/directory", Directory.GetCurrentDirectory);
        app.MapGet("/environment", () => Results.Text(string.Join('\n', Environment.GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>().Select(e => $"{e.Key}={e.Value}"))));
        app.MapPost("/spawn", () => Process.Start("sleep", "1000").Id.ToString());
        app.MapPost("/say", (string text) => Console.Out.WriteLineAsync(text));
        app.MapPost("/exit", (int code) => Environment.Exit(code));
        await app.RunAsync();
        return 0;
    }
}
