namespace Messaging;

/// <summary>Asks every <see cref="IFailureClassifier"/> in turn. Thread-safe.</summary>
internal sealed class FailureClassification(IEnumerable<IFailureClassifier> classifiers)
{
    private readonly IFailureClassifier[] _classifiers = classifiers.ToArray();

    public FailureKind Classify(Exception exception)
    {
        foreach (var classifier in _classifiers)
        {
            if (classifier.Classify(exception) is { } kind)
                return kind;
        }

        return FailureKind.Message;
    }
}
