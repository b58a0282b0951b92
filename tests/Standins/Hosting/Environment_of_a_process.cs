using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public class Environment_of_a_process
{
    [Fact]
    public async Task A_project_gets_what_aspire_gives_it_and_nothing_else()
    {
        await using var application = await Running.StartAsync(b => b.AddSample("svc-a").WithEnvironment("Own", "value"));

        var environment = await application.EnvironmentAsync("svc-a");

        environment.Remove("ASPNETCORE_URLS", out var own).ShouldBeTrue();
        own.ShouldMatch(@"^http://localhost:\d+$");
        own.ShouldNotBe(application.GetEndpoint("svc-a").ToString().TrimEnd('/'), "consumers get the proxy");
        environment.Remove("OTEL_RESOURCE_ATTRIBUTES", out var attributes).ShouldBeTrue();
        attributes.ShouldMatch("^service\\.instance\\.id=[a-z]{8}$");
        environment.ShouldBe(
            new Dictionary<string, string>
            {
                ["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true",
                ["LOGGING__CONSOLE__FORMATTERNAME"] = "simple",
                ["OTEL_SERVICE_NAME"] = "svc-a",
                ["Own"] = "value",
            },
            ignoreOrder: true);
        (await application.GetAsync("svc-a", "/directory")).ShouldBe(Samples.Directory);
    }

    [Fact]
    public async Task An_app_host_in_development_asks_for_quick_telemetry_and_names_a_collector_that_listens()
    {
        using var collector = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        collector.Start();
        var endpoint = $"http://localhost:{((System.Net.IPEndPoint)collector.LocalEndpoint).Port}";
        await using var application = await Running.StartAsync(
            b => b.AddSample("svc"), "--environment=Development", $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL={endpoint}", "--AppHost:OtlpApiKey=key");

        var environment = await application.EnvironmentAsync("svc");

        environment["OTEL_EXPORTER_OTLP_ENDPOINT"].ShouldBe(endpoint);
        environment["OTEL_EXPORTER_OTLP_PROTOCOL"].ShouldBe("grpc");
        environment["OTEL_EXPORTER_OTLP_HEADERS"].ShouldBe("x-otlp-api-key=key");
        environment["OTEL_METRIC_EXPORT_INTERVAL"].ShouldBe("1000");
        environment["OTEL_TRACES_SAMPLER"].ShouldBe("always_on");
    }

    [Fact]
    public async Task A_reference_to_a_service_is_its_discovery_keys_by_scheme_and_its_endpoint_variables()
    {
        await using var application = await Running.StartAsync(b =>
        {
            var provider = b.AddSample("payment-provider").WithHttpEndpoint(name: "admin");
            b.AddSample("consumer").WithReference(provider);
        });

        var environment = await application.EnvironmentAsync("consumer");

        var http = application.GetEndpoint("payment-provider").ToString().TrimEnd('/');
        var admin = application.GetEndpoint("payment-provider", "admin").ToString().TrimEnd('/');
        environment["services__payment-provider__http__0"].ShouldBe(http);
        environment["services__payment-provider__http__1"].ShouldBe(admin);
        environment["PAYMENT_PROVIDER_HTTP"].ShouldBe(http);
        environment["PAYMENT_PROVIDER_ADMIN"].ShouldBe(admin);
        (await application.EnvironmentAsync("payment-provider"))["ASPNETCORE_URLS"].ShouldMatch(@"^http://localhost:\d+;http://localhost:\d+$");
    }

    [Fact]
    public async Task A_launch_profile_adds_its_address_arguments_and_variables_and_the_app_host_has_the_last_word()
    {
        var project = Directory.CreateTempSubdirectory("profile-").FullName;
        try
        {
            Directory.CreateSymbolicLink(Path.Combine(project, "bin"), Path.Combine(Samples.Directory, "bin"));
            await File.WriteAllTextAsync(Path.Combine(project, "Standins.csproj"), "", TestContext.Current.CancellationToken);
            Directory.CreateDirectory(Path.Combine(project, "Properties"));
            await File.WriteAllTextAsync(Path.Combine(project, "Properties", "launchSettings.json"), """
                {
                  "profiles": {
                    "container": { "commandName": "Docker" },
                    "web": {
                      "commandName": "Project",
                      "commandLineArgs": "sample-service \"from profile\"",
                      "applicationUrl": "http://localhost:0",
                      "environmentVariables": { "ASPNETCORE_ENVIRONMENT": "Development", "FROM_PROFILE": "yes", "OVERRIDDEN": "profile" }
                    }
                  }
                }
                """, TestContext.Current.CancellationToken);
            await using var application = await Running.StartAsync(b =>
                b.AddProject("svc", Path.Combine(project, "Standins.csproj")).WithEnvironment("OVERRIDDEN", "apphost").WithArgs("--extra", "arg"));
            await application.ResourceNotifications.WaitForResourceHealthyAsync("svc", TestContext.Current.CancellationToken);

            using var client = application.CreateHttpClient("svc");
            (await Processes.EventuallyAsync(() => IsListening(client.BaseAddress!), Running.Limit, TestContext.Current.CancellationToken)).ShouldBeTrue();
            var environment = await application.EnvironmentAsync("svc");
            environment["DOTNET_LAUNCH_PROFILE"].ShouldBe("web");
            environment["ASPNETCORE_ENVIRONMENT"].ShouldBe("Development");
            environment["FROM_PROFILE"].ShouldBe("yes");
            environment["OVERRIDDEN"].ShouldBe("apphost");
            (await application.GetAsync("svc", "/args")).ShouldBe("from profile --extra arg");
        }
        finally
        {
            Directory.Delete(project, recursive: true);
        }
    }

    [Fact]
    public async Task A_secret_parameter_comes_from_configuration_and_a_missing_one_is_named()
    {
        await using var application = await Running.StartAsync(
            b => b.AddSample("svc").WithEnvironment("ApiKey", b.AddParameter("api-key", secret: true)), "--Parameters:api-key=s3cret");
        (await application.EnvironmentAsync("svc"))["ApiKey"].ShouldBe("s3cret");

        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(
            b => b.AddSample("svc").WithEnvironment("ApiKey", b.AddParameter("api-key", secret: true))));
        failure.Message.ShouldContain("Parameters:api-key");
    }

    private static bool IsListening(Uri address)
    {
        try
        {
            using var client = new System.Net.Sockets.TcpClient(address.Host, address.Port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
