namespace Messaging.Kafka;

/// <summary>
/// Runs librdkafka's blocking calls. They have no asynchronous form; on a thread of their own they hold up nobody, while
/// a handful of them on the pool would starve it.
/// </summary>
internal static class DedicatedThread
{
    /// <summary>Runs <paramref name="work"/> on a new thread; the task completes with its result or exception.</summary>
    public static Task<T> RunAsync<T>(string name, Func<T> work)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                completion.SetResult(work());
            }
            catch (Exception exception)
            {
                completion.SetException(exception);
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        return completion.Task;
    }

    /// <summary>Runs <paramref name="work"/> on a new thread; the task completes with it.</summary>
    public static Task RunAsync(string name, Action work) => RunAsync(name, () =>
    {
        work();
        return true;
    });

    /// <summary>Blocks a dedicated thread until a task has ended, however it ended. False when <paramref name="timeout"/> came first.</summary>
    public static bool WaitFor(Task task, TimeSpan timeout)
    {
#pragma warning disable VSTHRD002 // Called on a dedicated thread only, from librdkafka's callbacks, which cannot await.
        return ((IAsyncResult)task).AsyncWaitHandle.WaitOne(timeout);
#pragma warning restore VSTHRD002
    }
}
