namespace LeaderElection.Raft;

/// <summary>What a member wants done, in this order.</summary>
internal abstract record Output
{
    internal sealed record Send(string To, Message Message) : Output;

    /// <summary>Write this durably, then say <see cref="Input.Saved"/>. There is never more than one under way.</summary>
    internal sealed record Save(long Number, MemberState State) : Output;

    /// <summary>Say <see cref="Input.Tick"/> at that timestamp; replaces any earlier one.</summary>
    internal sealed record Arm(long At) : Output;

    /// <summary>
    /// A majority acknowledged heartbeats that were sent at that moment or later: whatever this member leads holds until
    /// then + <see cref="RaftTimings.Lease"/>.
    /// </summary>
    internal sealed record LeaseConfirmed(long Sent) : Output;

    /// <summary>This member leads; the term is the fencing token.</summary>
    /// <param name="Election">The election.</param>
    /// <param name="Term">The term.</param>
    /// <param name="Candidate">The candidate that it leads for.</param>
    /// <param name="Sent">Like that of the last <see cref="LeaseConfirmed"/>.</param>
    internal sealed record Elected(string Election, long Term, string Candidate, long Sent) : Output;

    /// <summary>This member no longer leads. It campaigns again only when told so.</summary>
    internal sealed record Lost(string Election, long Term, LossReason Reason) : Output;

    /// <summary>Somebody leads, as far as this member knows; or, without a member, nobody.</summary>
    internal sealed record LeaderChanged(string Election, string? Member, string? Candidate, long Term) : Output;

    /// <summary>A member of a higher priority stands and has been well for long enough: resign in its favour.</summary>
    internal sealed record Preferred(string Election, string Member) : Output;

    /// <summary>This member has no memory and is not let in; for the log.</summary>
    internal sealed record NotAdmitted(string Reason) : Output;

    /// <summary>A member cannot be listened to; for the log, once per link.</summary>
    internal sealed record PeerRefused(string Peer, string Reason) : Output;
}
