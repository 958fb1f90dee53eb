namespace LeaderElection.Board.Scenarios;

/// <summary>A script that breaks something, and checks what the election makes of it.</summary>
/// <param name="name">Its name in addresses and on the command line.</param>
/// <param name="title">Its name for people.</param>
/// <param name="description">What it does, in a sentence or two.</param>
internal abstract class Scenario(string name, string title, string description)
{
    public string Name => name;

    public string Title => title;

    public string Description => description;

    /// <summary>For which strategies it is; <see langword="null"/> for all.</summary>
    public virtual IReadOnlyList<string>? Strategies => null;

    /// <summary>Whether it cannot do without somebody who starts and stops replicas.</summary>
    public virtual bool NeedsOperator => false;

    /// <summary>Runs it to its end. What it broke is mended afterwards in any case.</summary>
    /// <exception cref="ScenarioFailedException">Something did not come out as it should.</exception>
    public abstract Task RunAsync(Stage stage);
}
