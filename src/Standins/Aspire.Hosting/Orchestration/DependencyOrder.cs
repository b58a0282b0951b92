namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Which resources need which: by waiting for them, by living in them, by referring to them.</summary>
internal static class DependencyOrder
{
    /// <summary>For every resource those that need it, so that it is to be stopped after them.</summary>
    public static Dictionary<IResource, List<IResource>> FindDependents(IEnumerable<IResource> resources)
    {
        var dependents = resources.ToDictionary(r => r, _ => new List<IResource>());
        var done = new HashSet<IResource>();
        var path = new List<IResource>();
        foreach (var resource in dependents.Keys)
            Visit(resource, dependents, done, path);
        return dependents;
    }

    private static void Visit(IResource resource, Dictionary<IResource, List<IResource>> dependents, HashSet<IResource> done, List<IResource> path)
    {
        if (done.Contains(resource))
            return;

        path.Add(resource);
        foreach (var (needed, mustBeFirst) in NeedsOf(resource).Where(n => dependents.ContainsKey(n.Resource)))
        {
            if (path.Contains(needed))
            {
                // Two services may refer to each other; they must not wait for each other.
                if (mustBeFirst && IsWaitCircle(path.SkipWhile(r => r != needed).ToList()))
                    throw new DistributedApplicationException($"Resources wait for one another: {string.Join(" -> ", path.SkipWhile(r => r != needed).Append(needed))}.");
                continue;
            }

            Visit(needed, dependents, done, path);
            if (!dependents[needed].Contains(resource))
                dependents[needed].Add(resource);
        }

        path.RemoveAt(path.Count - 1);
        done.Add(resource);
    }

    private static bool IsWaitCircle(List<IResource> circle) =>
        circle.Index().All(r => NeedsOf(r.Item).Any(n => n.MustBeFirst && n.Resource == circle[(r.Index + 1) % circle.Count]));

    private static IEnumerable<(IResource Resource, bool MustBeFirst)> NeedsOf(IResource resource)
    {
        // Waits first: an edge that closes a circle is left out, and that must be a reference.
        foreach (var wait in resource.Annotations.OfType<WaitAnnotation>())
            yield return (wait.Resource, true);
        if (resource is IResourceWithParent child)
            yield return (child.Parent, true);
        foreach (var relationship in resource.Annotations.OfType<ResourceRelationshipAnnotation>())
            yield return (relationship.Resource, false);
    }
}
