namespace LeaderElection.Tests.App;

/// What a replica says of itself at /election.
internal sealed record ReplicaView(string Election, string Strategy, string Candidate, string Role, long? FencingToken);
