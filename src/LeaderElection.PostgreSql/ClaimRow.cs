namespace LeaderElection.PostgreSql;

/// <summary>What the server says of a claim.</summary>
/// <param name="Verdict">What was decided.</param>
/// <param name="FencingToken">The token of the leadership, or the last one issued.</param>
/// <param name="ElectedAt">Since when that is held.</param>
/// <param name="Candidate">Another who is entered.</param>
/// <param name="LeaseId">The lease of that one; or the occasion on which the row was found missing.</param>
/// <param name="Renewals">How often that lease was renewed; <see langword="null"/> where there is none.</param>
/// <param name="Duration">How long that lease is, as far as is known.</param>
internal sealed record ClaimRow(
    string Verdict, long FencingToken, DateTimeOffset ElectedAt, string? Candidate, string? LeaseId, long? Renewals, TimeSpan Duration);
