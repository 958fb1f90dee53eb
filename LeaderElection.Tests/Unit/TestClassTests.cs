namespace LeaderElection.Tests.Unit;

/// <summary>What the runner does not tell: it disposes of <see cref="IDisposable"/> and <see cref="IAsyncLifetime"/>, and of nothing else.</summary>
public sealed class TestClassTests
{
    [Fact]
    public void EveryTestClass_ThatHasToBeDisposedOf_IsOneThatTheRunnerDisposesOf()
    {
        var forgotten = typeof(TestClassTests).Assembly.GetTypes()
            .Where(type => type.GetMethods().Any(method => method.IsDefined(typeof(FactAttribute), inherit: true)))
            .Where(type => type.IsAssignableTo(typeof(IAsyncDisposable)) && !type.IsAssignableTo(typeof(IAsyncLifetime)));
        Assert.Empty(forgotten);
    }
}
