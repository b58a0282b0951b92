namespace Standins.NATS.Client.Core;

/// <summary>When a connection is encrypted.</summary>
public enum TlsMode
{
    /// <summary><see cref="Require"/> with a <c>tls://</c> URL, certificates or a CA; else <see cref="Prefer"/>.</summary>
    Auto,

    /// <summary>When the server offers it.</summary>
    Prefer,

    /// <summary>Always: a server that does not offer it is refused.</summary>
    Require,

    /// <summary>Never: a server that demands it is refused.</summary>
    Disable,
}

/// <summary>TLS of a connection. Files are PEM, read at each connect, so that renewed certificates are picked up.</summary>
public sealed record NatsTlsOpts
{
    /// <summary>All defaults: encrypted when the server offers it, its certificate checked against the machine's authorities.</summary>
    public static readonly NatsTlsOpts Default = new();

    /// <summary>The client's certificate, followed by intermediate ones if any. Needs <see cref="KeyFile"/>.</summary>
    public string? CertFile { get; init; }

    /// <summary>The private key of <see cref="CertFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The authorities to trust instead of the machine's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Accept any certificate: encrypts, but anyone may be at the other end.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <summary>When to encrypt. Default <see cref="TlsMode.Auto"/>.</summary>
    public TlsMode Mode { get; init; }

    internal TlsMode EffectiveMode(bool isTlsUrl) =>
        Mode != TlsMode.Auto ? Mode
        : isTlsUrl || CertFile is not null || KeyFile is not null || CaFile is not null ? TlsMode.Require
        : TlsMode.Prefer;
}
