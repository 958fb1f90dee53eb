namespace Aspire.Hosting.StandIn;

internal sealed record ProcessSpec(string FileName, string WorkingDirectory, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    /// The arguments that the model asked for, without those that it takes to start the program.
    public IReadOnlyList<string> OwnArguments { get; init; } = Arguments;
}
