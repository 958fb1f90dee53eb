using LeaderElection.Leases;

namespace LeaderElection.Raft;

/// <summary>One election, as the candidates and observers of this process take part in it. Kept by <see cref="RaftNode"/>, under its lock.</summary>
internal sealed class Contest(string election)
{
    public string Election { get; } = election;

    /// <summary>The seats that wait for their turn: a member stands for one candidate at a time.</summary>
    public List<RaftSeat> Waiting { get; } = [];

    /// <summary>The seat that the member stands or leads for.</summary>
    public RaftSeat? Campaigning { get; set; }

    public Leadership? Leadership { get; set; }

    /// <summary>The member that the leadership is to be handed to, if that was asked for.</summary>
    public string? Target { get; set; }

    public LeaderInfo? Leader { get; set; }

    /// <summary>Since when there has been no leader, if there has been one.</summary>
    public long? LeaderGoneAt { get; set; }

    public List<AsyncSignal> Observers { get; } = [];

    /// <summary>How many seats wait for another's leadership to end.</summary>
    public int FollowerCount => Waiting.Count + (Campaigning is not null && Leadership is null && Leader is not null ? 1 : 0);
}
