namespace LeaderElection.Tests.History;

/// <summary>What I3, I4 and a busy machine allow; <see langword="null"/> where the history is not to be checked for it.</summary>
/// <param name="Gap">For how long there may be no leader while nothing happens that would excuse it.</param>
/// <param name="HandOver">How long after a resignation another may be elected.</param>
/// <param name="Calm">For how long before a resignation there must have been no fault, for I3 to count.</param>
/// <param name="Lost">How long after the deadline <c>Lost</c> may fire in a process that is not frozen.</param>
internal sealed record HistoryBounds(TimeSpan? Gap = null, TimeSpan? HandOver = null, TimeSpan Calm = default, TimeSpan? Lost = null);
