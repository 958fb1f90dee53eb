using LeaderElection.Board.Candidates;
using LeaderElection.Reports;

namespace LeaderElection.Board.Elections;

/// <summary>What moves in an election while nobody wins or loses it.</summary>
/// <param name="Name">The election.</param>
/// <param name="Strategy">Its strategy.</param>
/// <param name="LeaseRemaining">For how many more seconds the leader may believe; <see langword="null"/> without one.</param>
/// <param name="LeaseDuration">How many seconds its lease lasts after each renewal, if it says.</param>
/// <param name="Members">How the Raft members of the connected candidates stand, by candidate; <see langword="null"/> for other strategies.</param>
internal sealed record PulseView(
    string Name, string Strategy, double? LeaseRemaining, double? LeaseDuration, IReadOnlyDictionary<string, RaftReport>? Members);
