using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Standins.NATS.Client.Core;

/// <summary>Turns a plain stream into an encrypted one.</summary>
internal static class TlsHandshake
{
    /// <summary>Whether to encrypt, given what the server says. Throws <see cref="NatsException"/> when the two sides cannot agree.</summary>
    public static bool IsWanted(ServerAddress server, ServerInfo info, NatsTlsOpts opts)
    {
        var mode = opts.EffectiveMode(server.IsTls);
        var isOffered = info.TlsRequired || info.TlsAvailable;
        return mode switch
        {
            TlsMode.Disable when info.TlsRequired || server.IsTls => throw new NatsException($"{server} requires TLS but TlsMode is Disable"),
            TlsMode.Require when !isOffered => throw new NatsException($"{server} does not offer TLS but TlsMode is Require"),
            TlsMode.Disable => false,
            _ => isOffered,
        };
    }

    /// <summary>Throws <see cref="NatsException"/> with the reason when a certificate cannot be read or the handshake fails; the stream is then of no more use.</summary>
    public static async Task<Stream> PerformAsync(Stream plain, ServerAddress server, NatsTlsOpts opts, CancellationToken cancellationToken)
    {
        var options = OptionsFor(server, opts);
        var encrypted = new SslStream(plain);
        try
        {
            await encrypted.AuthenticateAsClientAsync(options, cancellationToken);
            return encrypted;
        }
        catch (Exception e)
        {
            await encrypted.DisposeAsync();
            if (e is AuthenticationException or IOException)
                throw new NatsException($"TLS handshake with {server} failed: {e.Message}", e);

            throw;
        }
    }

    private static SslClientAuthenticationOptions OptionsFor(ServerAddress server, NatsTlsOpts opts)
    {
        if (opts.CertFile is null != opts.KeyFile is null)
            throw new NatsException("NatsTlsOpts.CertFile and NatsTlsOpts.KeyFile must both be set");

        try
        {
            return new SslClientAuthenticationOptions
            {
                TargetHost = server.TlsHost,
                ClientCertificateContext = opts.CertFile is null ? null : ClientCertificate(opts.CertFile, opts.KeyFile!),
                CertificateChainPolicy = opts.CaFile is null ? null : TrustOnly(opts.CaFile),
#pragma warning disable CA5359 // Only for those who ask for it in so many words.
                RemoteCertificateValidationCallback = opts.InsecureSkipVerify ? static (_, _, _, _) => true : null,
#pragma warning restore CA5359
            };
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new NatsException($"TLS certificates cannot be read: {e.Message}", e);
        }
    }

    private static SslStreamCertificateContext ClientCertificate(string certFile, string keyFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certFile);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(certFile, keyFile), chain, offline: true);
    }

    private static X509ChainPolicy TrustOnly(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        return policy;
    }
}
