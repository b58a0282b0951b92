using Npgsql;
using PaymentProvider.Bank;
using Support;

namespace Units.PaymentProvider;

public sealed class PaymentBankTests(Servers servers) : IAsyncLifetime
{
    private NpgsqlDataSource _database = null!;
    private PaymentBank _bank = null!;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await servers.NewDatabaseAsync("bank"));
        await new BankSchema(_database).StartingAsync(TestContext.Current.CancellationToken);
        _bank = new PaymentBank(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_repeated_key_gets_the_first_answer_and_moves_no_money()
    {
        var first = await AuthorizeAsync("r1", "k1");
        var again = await AuthorizeAsync("r1", "k1");

        first.ShouldBe(new Answer(201, """{"reference":"r1","state":"authorized"}"""));
        again.ShouldBe(first with { Repeated = true });
        (await LedgerAsync()).ShouldBe(["r1 authorized 10.00 k1"]);
    }

    [Fact]
    public async Task A_key_repeated_at_the_same_time_moves_money_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AuthorizeAsync("r1", "k1")));

        answers.Count(answer => !answer.Repeated).ShouldBe(1);
        answers.ShouldAllBe(answer => answer.Status == 201);
        (await LedgerAsync()).ShouldBe(["r1 authorized 10.00 k1"]);
    }

    [Fact]
    public async Task Two_authorisations_under_different_keys_are_two_and_show_in_the_ledger()
    {
        await AuthorizeAsync("r1", "k1");
        await AuthorizeAsync("r1", "k2");

        (await LedgerAsync()).ShouldBe(["r1 authorized 10.00 k1", "r1 authorized 10.00 k2"]);
    }

    [Fact]
    public async Task A_key_used_for_another_request_is_refused()
    {
        await AuthorizeAsync("r1", "k1");

        (await AuthorizeAsync("r1", "k1", amount: 11m)).Status.ShouldBe(422);
        (await AuthorizeAsync("r2", "k1")).Status.ShouldBe(422);
        (await LedgerAsync()).ShouldBe(["r1 authorized 10.00 k1"]);
    }

    [Fact]
    public async Task A_refusal_is_kept_like_any_answer()
    {
        var first = await AuthorizeAsync("r1", "k1", refusal: "The card was declined.");
        var again = await AuthorizeAsync("r1", "k1", refusal: "The card was declined.");

        first.Status.ShouldBe(402);
        first.Body.ShouldContain("The card was declined.");
        again.ShouldBe(first with { Repeated = true });
        (await LedgerAsync()).ShouldBe(["r1 declined 10.00 k1"]);
    }

    [Fact]
    public async Task Authorised_money_is_captured_once()
    {
        await AuthorizeAsync("r1", "k1");

        (await _bank.CaptureAsync("k2", "r1", TestContext.Current.CancellationToken)).Status.ShouldBe(200);
        (await _bank.CaptureAsync("k2", "r1", TestContext.Current.CancellationToken)).Status.ShouldBe(200);
        var other = await _bank.CaptureAsync("k3", "r1", TestContext.Current.CancellationToken);

        other.Status.ShouldBe(409);
        other.Body.ShouldContain("/problems/already-captured");
        (await _bank.VoidAsync("k4", "r1", TestContext.Current.CancellationToken)).Body.ShouldContain("/problems/already-captured");
        (await LedgerAsync()).ShouldBe(["r1 authorized 10.00 k1", "r1 captured 10.00 k2"]);
    }

    [Fact]
    public async Task Money_that_is_not_set_aside_cannot_be_captured()
    {
        (await _bank.CaptureAsync("k1", "nobody", TestContext.Current.CancellationToken)).Body.ShouldContain("/problems/unknown-reference");
        await AuthorizeAsync("r1", "k2", refusal: "no");
        (await _bank.CaptureAsync("k3", "r1", TestContext.Current.CancellationToken)).Body.ShouldContain("/problems/not-authorized");

        (await LedgerAsync()).ShouldBe(["r1 declined 10.00 k2"]);
    }

    [Fact]
    public async Task A_void_lets_go_of_the_money_and_forbids_a_later_authorisation()
    {
        await AuthorizeAsync("r1", "k1");
        (await _bank.VoidAsync("k2", "r1", TestContext.Current.CancellationToken)).Status.ShouldBe(200);
        (await _bank.VoidAsync("k3", "r1", TestContext.Current.CancellationToken)).Status.ShouldBe(200);

        (await AuthorizeAsync("r1", "k4")).Body.ShouldContain("/problems/voided-before");
        (await LedgerAsync()).ShouldBe(["r1 authorized 10.00 k1", "r1 voided 10.00 k2"]);
    }

    [Fact]
    public async Task A_void_that_comes_before_its_authorisation_forbids_it_and_moves_no_money()
    {
        (await _bank.VoidAsync("k1", "r1", TestContext.Current.CancellationToken)).Status.ShouldBe(200);

        (await AuthorizeAsync("r1", "k2")).Status.ShouldBe(409);
        (await LedgerAsync()).ShouldBeEmpty();
    }

    private Task<Answer> AuthorizeAsync(string reference, string key, decimal amount = 10.00m, string? refusal = null) =>
        _bank.AuthorizeAsync(key, new AuthorizationRequest(reference, amount, "EUR", "visa"), refusal, TestContext.Current.CancellationToken);

    private async Task<IReadOnlyList<string>> LedgerAsync()
    {
        await using var command = _database.CreateCommand(
            "select concat_ws(' ', reference, kind, amount, idempotency_key) from provider.ledger order by sequence");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var entries = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            entries.Add(reader.GetString(0));
        return entries;
    }
}
