namespace LeaderElection.Tests.Browser;

/// <summary>What the resource list says of an election.</summary>
/// <param name="Leader">The last part of the leading replica's id.</param>
/// <param name="FencingToken">Its token.</param>
internal sealed record ElectionLine(string Leader, long FencingToken);
