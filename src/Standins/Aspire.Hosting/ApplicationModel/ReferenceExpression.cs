using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A value that is known only while the application runs, such as a port or a generated password.</summary>
public interface IValueProvider
{
    /// <summary>The value, as soon as it is known.</summary>
    /// <param name="cancellationToken">Gives up waiting for it.</param>
    /// <returns>The value; null when there is none.</returns>
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);
}

/// <summary>
/// Text with holes that are filled while the application runs: <c>ReferenceExpression.Create($"Host={host};Port={port}")</c>.
/// Immutable, thread safe.
/// </summary>
public sealed class ReferenceExpression : IValueProvider
{
    private readonly string[] _formats;

    private ReferenceExpression(string format, IReadOnlyList<IValueProvider> valueProviders, string[] formats)
    {
        Format = format;
        ValueProviders = valueProviders;
        _formats = formats;
    }

    /// <summary>The text as a composite format string.</summary>
    public string Format { get; }

    /// <summary>What fills the holes, by index.</summary>
    public IReadOnlyList<IValueProvider> ValueProviders { get; }

    /// <summary>Creates an expression from an interpolated string.</summary>
    /// <param name="handler">Made by the compiler.</param>
    /// <returns>The expression.</returns>
    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.ToExpression();

    /// <inheritdoc />
    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var values = new object?[ValueProviders.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var value = await ValueProviders[i].GetValueAsync(cancellationToken);
            values[i] = _formats[i] == "uri" ? Uri.EscapeDataString(value ?? "") : value;
        }

        return string.Format(CultureInfo.InvariantCulture, Format, values);
    }

    /// <summary>Collects the text and the holes of an interpolated string. Used by the compiler.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct ExpressionInterpolatedStringHandler
    {
        private readonly StringBuilder _format;
        private readonly List<IValueProvider> _providers;
        private readonly List<string> _formats;

        /// <summary>Begins an expression.</summary>
        /// <param name="literalLength">The length of the text between the holes.</param>
        /// <param name="formattedCount">The number of holes.</param>
        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
        {
            _format = new StringBuilder(literalLength + (formattedCount * 4));
            _providers = new List<IValueProvider>(formattedCount);
            _formats = new List<string>(formattedCount);
        }

        /// <summary>Adds text.</summary>
        /// <param name="value">The text.</param>
        public void AppendLiteral(string value) => _format.Append(Escape(value));

        /// <summary>Adds a value that is known already.</summary>
        /// <param name="value">The value.</param>
        public void AppendFormatted(string? value) => _format.Append(Escape(value));

        /// <summary>Adds a value that is known later.</summary>
        /// <typeparam name="T">Its type.</typeparam>
        /// <param name="valueProvider">What will know it.</param>
        /// <param name="format"><c>uri</c> escapes the value for use in a URI; by default it is taken as it is.</param>
        public void AppendFormatted<T>(T valueProvider, string? format = null)
            where T : IValueProvider
        {
            _format.Append('{').Append(_providers.Count).Append('}');
            _providers.Add(valueProvider);
            _formats.Add(format ?? "");
        }

        /// <summary>Adds a resource's value.</summary>
        /// <typeparam name="T">The type of the resource.</typeparam>
        /// <param name="valueProvider">The builder of the resource.</param>
        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider => AppendFormatted(valueProvider.Resource, null);

        internal ReferenceExpression ToExpression() => new(_format.ToString(), [.. _providers], [.. _formats]);

        private static string? Escape(string? text) =>
            text?.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
    }
}
