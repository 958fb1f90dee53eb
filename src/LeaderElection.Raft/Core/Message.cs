using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace LeaderElection.Raft;

/// <summary>What members say to each other.</summary>
internal abstract record Message
{
    /// <summary>Would you vote for me in this term? Changes nothing, so that a member that was cut off disturbs nobody (Ongaro 2014, 9.6).</summary>
    internal sealed record PreVote(string Election, long Term) : Message;

    /// <param name="Election">The election.</param>
    /// <param name="Term">The term that was asked for.</param>
    /// <param name="VoterTerm">The term that the voter is in.</param>
    /// <param name="Granted">Whether it would.</param>
    internal sealed record PreVoteReply(string Election, long Term, long VoterTerm, bool Granted) : Message;

    /// <summary>Vote for me.</summary>
    /// <param name="Election">The election.</param>
    /// <param name="Term">The term.</param>
    /// <param name="ReleasedTerm">
    /// The term whose leader handed over to the candidate, 0 for none: voters need not stay true to it, nor to any before.
    /// </param>
    internal sealed record Vote(string Election, long Term, long ReleasedTerm) : Message;

    /// <inheritdoc cref="PreVoteReply"/>
    internal sealed record VoteReply(string Election, long Term, long VoterTerm, bool Granted) : Message;

    /// <summary>A sign of life for everything that the sender leads; see <see cref="Pulse"/>.</summary>
    /// <param name="StateId">Of the sender's state: what it promised under another one it has forgotten.</param>
    /// <param name="Incarnation">How often the sender was started; a new one forgets what the last one said.</param>
    /// <param name="Sequence">Counts the heartbeats of the incarnation.</param>
    /// <param name="Base">The notices are complete for whoever has this version.</param>
    /// <param name="Version">The version that the receiver has with them.</param>
    /// <param name="Notices">What has changed in between.</param>
    internal sealed record Heartbeat(Guid StateId, long Incarnation, long Sequence, long Base, long Version, IReadOnlyList<Notice> Notices) : Message;

    /// <param name="StateId">Of the sender of the heartbeat.</param>
    /// <param name="Incarnation">Of the sender of the heartbeat.</param>
    /// <param name="Sequence">Of the heartbeat.</param>
    /// <param name="Applied">The version of the notices that the receiver has now.</param>
    /// <param name="Refused">The elections in which it does not follow, with its own term.</param>
    internal sealed record HeartbeatAck(Guid StateId, long Incarnation, long Sequence, long Applied, IReadOnlyList<InTerm> Refused) : Message;

    /// <summary>The sender led this term and has stopped: stand at once (Ongaro 2014, 3.10).</summary>
    /// <param name="Election">The election.</param>
    /// <param name="Term">The term.</param>
    /// <param name="IsNamed">Whether just this member was asked for: then it is not to give way to one that is preferred.</param>
    internal sealed record TimeoutNow(string Election, long Term, bool IsNamed) : Message;

    /// <summary>The sender has no memory: what do you know? See <see cref="Admission"/>.</summary>
    /// <param name="StateId">Of its new state.</param>
    internal sealed record Recall(Guid StateId) : Message;

    /// <summary>What the sender knows.</summary>
    /// <param name="Of">The state that asked.</param>
    /// <param name="StateId">Of the sender.</param>
    /// <param name="ClusterId">The cluster that the sender is in; empty when it has no memory itself.</param>
    /// <param name="Known">The members, itself included, with the states under which it knows them.</param>
    /// <param name="Terms">Its term in each election.</param>
    internal sealed record Memory(
        Guid Of, Guid StateId, Guid ClusterId, IReadOnlyList<MemberState.Known> Known, IReadOnlyList<InTerm> Terms) : Message;

    /// <summary>How the sender is configured; the one message that is heard across configurations.</summary>
    internal sealed record Configuration(string Cluster, long ListVersion, string Members, long TimeoutMicroseconds) : Message
    {
        public ulong Fingerprint() => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(
            FormattableString.Invariant($"{Cluster}\n{ListVersion}\n{Members}\n{TimeoutMicroseconds}"))));
    }

    /// <summary>Asks for a sign of life, or gives it. Between the hosts of the members: for the elections it means nothing.</summary>
    /// <param name="Number">Of the question.</param>
    /// <param name="IsAnswer">Whether it is the answer.</param>
    internal sealed record Probe(long Number, bool IsAnswer) : Message;

    /// <summary>What the sender is in an election.</summary>
    /// <param name="Election">The election.</param>
    /// <param name="Term">The term that it leads; 0 when it does not lead.</param>
    /// <param name="Candidate">The candidate that it leads or stands for; empty when it does neither.</param>
    internal readonly record struct Notice(string Election, long Term, string Candidate);

    /// <summary>The term that the sender is in.</summary>
    internal readonly record struct InTerm(string Election, long Term);
}
