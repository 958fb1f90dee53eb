namespace LeaderElection.Tests.Raft;

internal enum FaultKind
{
    Crash,
    Restart,
    Freeze,
    Cut,
    CutOneWay,
    Isolate,
    Heal,
    Reset,
    Resign,
    Transfer,
    Withdraw,
    Stand,
    LoseDisk,
    FailDisk,
}
