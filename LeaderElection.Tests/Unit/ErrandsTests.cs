using LeaderElection.Redis;

namespace LeaderElection.Tests.Unit;

public sealed class ErrandsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>What is called off may wait for somebody who begins an errand, or whose errand is done.</summary>
    [Fact]
    public async Task End_CalledOffCodeThatWaitsForAnotherErrand_Ends()
    {
        var errands = new Errands();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool? isAnotherStarted = null;
        var isHeard = false;
        errands.Run(async end =>
        {
            await using var called = end.Register(() =>
            {
                using var asked = new ManualResetEventSlim();
                var another = new Thread(() =>
                {
                    isAnotherStarted = errands.Run(_ => Task.CompletedTask);
                    asked.Set();
                });
                another.Start();
                isHeard = asked.Wait(Limit);
            });
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, end);
        });
        await begun.Task;
        await errands.EndAsync();
        Assert.True(isHeard);
        Assert.False(isAnotherStarted);
    }
}
