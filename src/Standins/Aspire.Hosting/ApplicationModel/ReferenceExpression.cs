using System.Runtime.CompilerServices;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A value that is known only while the application runs, such as a port or a generated password.</summary>
public interface IValueProvider
{
    /// <summary>The value, as soon as it is known.</summary>
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);
}

/// <summary>
/// Text with holes that are filled while the application runs: <c>ReferenceExpression.Create($"Host={host};Port={port}")</c>.
/// Immutable, thread safe.
/// </summary>
public sealed class ReferenceExpression : IValueProvider
{
    private readonly string _format;
    private readonly (IValueProvider Provider, bool AsUri)[] _holes;

    private ReferenceExpression(string format, (IValueProvider Provider, bool AsUri)[] holes) => (_format, _holes) = (format, holes);

    /// <summary>Creates an expression from an interpolated string.</summary>
    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.ToExpression();

    /// <inheritdoc />
    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var values = new object?[_holes.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var value = await _holes[i].Provider.GetValueAsync(cancellationToken);
            values[i] = _holes[i].AsUri ? Uri.EscapeDataString(value ?? "") : value;
        }

        return string.Format(CultureInfo.InvariantCulture, _format, values);
    }

    /// <summary>Collects the text and the holes of an interpolated string. Used by the compiler.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _format = new(literalLength + (formattedCount * 4));
        private readonly List<(IValueProvider Provider, bool AsUri)> _holes = new(formattedCount);

        /// <summary>Adds text.</summary>
        public void AppendLiteral(string value) => _format.Append(Escape(value));

        /// <summary>Adds a value that is known already.</summary>
        public void AppendFormatted(string? value) => _format.Append(Escape(value));

        /// <summary>Adds a value that is known later.</summary>
        /// <param name="format"><c>uri</c> escapes the value for use in a URI; by default it is taken as it is.</param>
        public void AppendFormatted<T>(T valueProvider, string? format = null)
            where T : IValueProvider
        {
            _format.Append('{').Append(_holes.Count).Append('}');
            _holes.Add((valueProvider, format == "uri"));
        }

        /// <summary>Adds a resource's value.</summary>
        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider => AppendFormatted(valueProvider.Resource, null);

        internal ReferenceExpression ToExpression() => new(_format.ToString(), [.. _holes]);

        private static string? Escape(string? text) =>
            text?.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
    }
}
