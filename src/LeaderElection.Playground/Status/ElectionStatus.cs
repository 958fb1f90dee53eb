using LeaderElection.Reports;

namespace LeaderElection.Playground.Status;

/// <summary>The answer of <c>/election</c>.</summary>
/// <param name="Election">The election.</param>
/// <param name="Strategy">The strategy.</param>
/// <param name="Candidate">This process's candidate.</param>
/// <param name="Role"><c>leader</c>, <c>follower</c>, or <c>stopped</c> before and after the campaign.</param>
/// <param name="FencingToken">Its token, if it leads.</param>
/// <param name="Since">When it took this role.</param>
/// <param name="LeaseRemaining">For how many seconds it may believe without a renewal, if it leads.</param>
/// <param name="Leader">Who leads, as the store tells it.</param>
/// <param name="Ledger">What became of this process's entries.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Raft">How its Raft member stands; <see langword="null"/> with another strategy.</param>
internal sealed record ElectionStatus(
    string Election, string Strategy, string Candidate, string Role, long? FencingToken, DateTimeOffset? Since, double? LeaseRemaining,
    LeaderStatus? Leader, LedgerStatus Ledger, int Pid, RaftReport? Raft);
