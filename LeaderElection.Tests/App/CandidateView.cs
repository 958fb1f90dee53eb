namespace LeaderElection.Tests.App;

internal sealed record CandidateView(string Candidate, string Role, Uri? Url, int? Pid);
