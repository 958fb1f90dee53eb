namespace LeaderElection.Tests.Chaos;

/// <summary>A schedule: each fault once, in a random order, so that a short run has them all; then as often as their weights say.</summary>
internal sealed class ChaosDeck(Random random, IReadOnlyList<ChaosAction> actions, TimeSpan lease)
{
    private readonly Queue<ChaosAction> _first = new(Shuffled(random, actions));

    public ChaosShot Draw() => ChaosShot.Create(random, _first.TryDequeue(out var next) ? next : Weighted(), lease);

    private static ChaosAction[] Shuffled(Random random, IReadOnlyList<ChaosAction> actions)
    {
        ChaosAction[] shuffled = [.. actions];
        random.Shuffle(shuffled);
        return shuffled;
    }

    private ChaosAction Weighted()
    {
        var pick = random.Next(actions.Sum(a => a.Weight));
        return actions.First(a => (pick -= a.Weight) < 0);
    }
}
