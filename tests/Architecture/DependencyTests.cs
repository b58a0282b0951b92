namespace Architecture;

public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Shared.Contracts"] = [],
        ["Messaging"] = [],
        ["Messaging.JetStream"] = ["Messaging", "NATS.Net"],
        ["Messaging.Kafka"] = ["Messaging"],
        ["Messaging.Postgres"] = ["Messaging"],
        ["ServiceDefaults"] = [],
        ["Orders"] = Service,
        ["Inventory"] = Service,
        ["Payments"] = Service,
        ["PaymentProvider"] = ["ServiceDefaults"],
        ["NATS.Net"] = [],
        ["Aspire.Hosting"] = [],
        ["AppHost"] = ["Aspire.Hosting", "Orders", "Inventory", "Payments", "PaymentProvider"],
        ["Lab"] = ["AppHost", "Aspire.Hosting", "Messaging", "Messaging.JetStream", "Messaging.Kafka", "Messaging.Postgres", "NATS.Net"],
    };

    private static string[] Service => ["Messaging.JetStream", "Messaging.Kafka", "Messaging.Postgres", "ServiceDefaults", "Shared.Contracts"];

    public static TheoryData<string> SourceProjects => [.. Repository.Projects.Where(project => project.StartsWith("src/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void A_project_refers_only_to_what_lies_below_it(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        Allowed.ShouldContainKey(name);

        var references = Repository.ReferencesOf(project).Select(Path.GetFileNameWithoutExtension);

        references.Except(Allowed[name], StringComparer.Ordinal).ShouldBeEmpty($"{project} may refer to: {string.Join(", ", Allowed[name])}");
    }

    [Fact]
    public void There_are_exactly_the_projects_of_the_layout()
    {
        var projects = Repository.Projects.ToArray();

        projects.Where(project => project.StartsWith("src/", StringComparison.Ordinal)).Select(Path.GetFileNameWithoutExtension)
            .ShouldBe(Allowed.Keys, ignoreOrder: true);
        projects.Where(project => project.StartsWith("tests/", StringComparison.Ordinal)).ShouldBe(
        [
            "tests/Architecture/Architecture.csproj", "tests/Flow/Flow.csproj", "tests/Patterns/Patterns.csproj",
            "tests/Standins/Standins.csproj", "tests/Compliance/Compliance.csproj", "tests/Proof/Proof.csproj", "tests/Units/Units.csproj",
            "tests/Benchmarks/Benchmarks.csproj",
        ], ignoreOrder: true);
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = Repository.Read("Microservices.sln").Replace('\\', '/');

        Repository.Projects.Where(project => !solution.Contains(project, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void The_stand_in_of_NATS_is_known_to_its_transport_only_and_neither_stand_in_to_any_source_outside()
    {
        var offenders =
            from file in Repository.Files("*.cs")
            where !file.StartsWith("src/Standins/", StringComparison.Ordinal) && !file.StartsWith("tests/Standins/", StringComparison.Ordinal)
            from line in Repository.Read(file).Split('\n')
            where line.StartsWith("using ", StringComparison.Ordinal)
                && (line.Contains("NATS.", StringComparison.Ordinal) || line.Contains("Aspire.", StringComparison.Ordinal) || line.Contains("Standins.", StringComparison.Ordinal))
            select $"{file}: {line}";

        offenders.ShouldBeEmpty();
    }

    [Fact]
    public void No_source_chooses_between_stand_in_and_package_by_itself()
    {
        Repository.Files("*.cs")
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal) && !file.StartsWith("src/Standins/", StringComparison.Ordinal))
            .Where(file => Repository.Read(file).Split('\n').Any(line => line.TrimStart().StartsWith("#if", StringComparison.Ordinal)))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Anti_patterns_are_known_to_registration_only()
    {
        string[] registration =
        [
            "src/Messaging/Registration/MessagingServices.cs", "src/Messaging.Postgres/Registration/PostgresMessaging.cs",
            "src/Orders/Program.cs", "src/Payments/Program.cs",
        ];

        var knowing =
            from file in Repository.Files("*.cs")
            where file.StartsWith("src/", StringComparison.Ordinal) && !file.Contains("/Antipatterns/", StringComparison.Ordinal)
            where Repository.Read(file).Contains("Antipatterns;", StringComparison.Ordinal) || Repository.Read(file).Contains("Antipatterns.", StringComparison.Ordinal)
            select file;

        knowing.ShouldBe(registration, ignoreOrder: true);
    }

    [Fact]
    public void Messaging_knows_no_broker_and_no_database()
    {
        string[] foreign = ["Npgsql", "EntityFrameworkCore", "Confluent", "NATS"];

        var offenders =
            from file in Repository.Files("*.cs").Concat(Repository.Projects)
            where file.StartsWith("src/Messaging/", StringComparison.Ordinal)
            from line in Repository.Read(file).Split('\n')
            where line.StartsWith("using ", StringComparison.Ordinal) || line.Contains("PackageReference", StringComparison.Ordinal)
            where foreign.Any(name => line.Contains(name, StringComparison.Ordinal))
            select $"{file}: {line}";

        offenders.ShouldBeEmpty();
    }
}
