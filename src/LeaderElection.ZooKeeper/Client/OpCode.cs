namespace LeaderElection.ZooKeeper.Client;

/// <summary>The requests of the protocol that election needs.</summary>
internal enum OpCode
{
    CloseSession = -11,
    Error = -1,
    Delete = 2,
    Exists = 3,
    GetData = 4,
    SetData = 5,
    Sync = 9,
    Ping = 11,
    GetChildren2 = 12,
    Check = 13,
    Multi = 14,
    Create2 = 15,
    CreateContainer = 19,
    Auth = 100,
    SetWatches = 101,
}
