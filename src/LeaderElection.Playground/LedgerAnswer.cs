namespace LeaderElection.Playground;

/// <summary>What became of an entry for the ledger.</summary>
public enum LedgerAnswer
{
    /// <summary>It is in the ledger; where there is none, it was done with.</summary>
    Written,

    /// <summary>It was refused, or not sent any more: another leads. The term is over.</summary>
    Refused,

    /// <summary>The ledger cannot be reached, or fails. That is not the election's trouble: whoever led instead could not write either.</summary>
    Failed,
}
