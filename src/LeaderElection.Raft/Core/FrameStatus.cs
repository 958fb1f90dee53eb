namespace LeaderElection.Raft;

internal enum FrameStatus
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    Read,

    /// <summary>It is not a frame; nothing that follows on the link can be trusted either.</summary>
    Refused,
}
