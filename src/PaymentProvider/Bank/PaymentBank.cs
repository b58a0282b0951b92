using System.Globalization;
using Npgsql;

namespace PaymentProvider.Bank;

/// <summary>
/// Moves money, as a bank that others own does: it answers a repeated idempotency key with what it answered before and otherwise
/// does what it is told. Two authorisations of one reference under different keys are two authorisations. Thread-safe.
/// </summary>
internal sealed class PaymentBank(NpgsqlDataSource database)
{
    /// <summary>The answer kept under a key, if any; the request is not compared.</summary>
    public async Task<bool> KnowsAsync(string key, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select exists (select from provider.answers where idempotency_key = $1)");
        command.Parameters.Add(new NpgsqlParameter { Value = key });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Sets money aside, or declines with <paramref name="refusal"/>.</summary>
    public Task<Answer> AuthorizeAsync(string key, AuthorizationRequest request, string? refusal, CancellationToken cancellationToken)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"authorize {request.Reference} {request.Amount} {request.Currency} {request.Method}");
        return HandleAsync(key, request.Reference, text, Decide, cancellationToken);

        Answer Decide(BankSession session)
        {
            if (session.Authorization is { State: Entry.Voided })
                return Answer.Problem(409, "voided-before", "The reference was voided before.");
            var kind = refusal is null ? Entry.Authorized : Entry.Declined;
            session.Append(kind, request.Amount, request.Currency);
            session.Set(new Authorization(kind, request.Amount, request.Currency));
            return refusal is null ? Answer.Done(201, request.Reference, kind) : Answer.Problem(402, "declined", refusal);
        }
    }

    /// <summary>Takes the money that was set aside.</summary>
    public Task<Answer> CaptureAsync(string key, string reference, CancellationToken cancellationToken)
    {
        return HandleAsync(key, reference, $"capture {reference}", Decide, cancellationToken);

        Answer Decide(BankSession session)
        {
            switch (session.Authorization)
            {
                case { State: Entry.Authorized } authorization:
                    session.Append(Entry.Captured, authorization.Amount, authorization.Currency);
                    session.Set(authorization with { State = Entry.Captured });
                    return Answer.Done(200, reference, Entry.Captured);
                case { State: Entry.Captured }:
                    return Answer.Problem(409, "already-captured", "The money was captured before.");
                case null:
                    return Answer.Problem(404, "unknown-reference", "There is no such authorisation.");
                default:
                    return Answer.Problem(409, "not-authorized", "No money is set aside.");
            }
        }
    }

    /// <summary>Lets go of the money that was set aside, and declines whatever authorisation of the reference comes later.</summary>
    public Task<Answer> VoidAsync(string key, string reference, CancellationToken cancellationToken)
    {
        return HandleAsync(key, reference, $"void {reference}", Decide, cancellationToken);

        Answer Decide(BankSession session)
        {
            if (session.Authorization is { State: Entry.Captured })
                return Answer.Problem(409, "already-captured", "The money was captured before.");
            var authorization = session.Authorization ?? new Authorization(Entry.Voided, 0, "");
            if (authorization.State is Entry.Authorized)
                session.Append(Entry.Voided, authorization.Amount, authorization.Currency);
            session.Set(authorization with { State = Entry.Voided });
            return Answer.Done(200, reference, Entry.Voided);
        }
    }

    private async Task<Answer> HandleAsync(
        string key, string reference, string request, Func<BankSession, Answer> decide, CancellationToken cancellationToken)
    {
        await using var session = await BankSession.BeginAsync(database, reference, key, cancellationToken);
        if (session.Earlier is not { } earlier)
            return await session.AnswerAsync(decide(session), request, cancellationToken);
        return earlier.Request == request
            ? earlier.Answer
            : Answer.Problem(422, "idempotency-key-reused", "The Idempotency-Key was used with another request.");
    }
}

/// <summary>The body of <c>POST /authorizations</c>.</summary>
/// <param name="Reference">The merchant's name for the payment, 1 to 100 characters.</param>
/// <param name="Amount">How much, more than zero, in whole cents.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Method">How the customer pays, 1 to 50 characters; decides what becomes of it.</param>
internal sealed record AuthorizationRequest(string Reference, decimal Amount, string Currency, string Method)
{
    /// <summary>True when the bank can make something of it.</summary>
    public bool IsValid() =>
        IsText(Reference, 100) && IsText(Method, 50) && Currency is { Length: 3 } && Currency.All(char.IsAsciiLetterUpper)
        && Amount is > 0 and < 10_000_000_000 && decimal.Round(Amount, 2) == Amount;

    private static bool IsText(string? text, int maxLength) => text is { Length: > 0 } && text.Length <= maxLength && !text.Any(char.IsControl);
}
