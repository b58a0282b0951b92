namespace PaymentProvider.Behaving;

/// <summary>The payment methods, each with a fate of its own.</summary>
internal static class PaymentMethods
{
    /// <summary>Is authorised.</summary>
    public const string Visa = "visa";

    /// <summary>Is declined.</summary>
    public const string Declined = "declined";

    /// <summary>Is authorised after <see cref="Slowness"/>, whether the caller still waits or not.</summary>
    public const string Slow = "slow";

    /// <summary>Is authorised at once; the first answer takes <see cref="Slowness"/>.</summary>
    public const string LateAnswer = "late-answer";

    /// <summary>Is authorised at once; instead of the first answer the connection is cut.</summary>
    public const string LostAnswer = "lost-answer";

    /// <summary>Is never answered, and nothing happens.</summary>
    public const string Hangs = "hangs";

    /// <summary>How slow the slow ones are.</summary>
    public static readonly TimeSpan Slowness = TimeSpan.FromSeconds(3);

    /// <summary>Why a method is declined; null when it is not.</summary>
    public static string? RefusalOf(string method) => method switch
    {
        Visa or Slow or LateAnswer or LostAnswer or Hangs => null,
        Declined => "The card was declined.",
        _ => "unknown payment method",
    };
}
