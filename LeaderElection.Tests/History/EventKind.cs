namespace LeaderElection.Tests.History;

internal enum EventKind
{
    /// <summary>It began to campaign.</summary>
    Campaigns,

    /// <summary>It was elected.</summary>
    Elected,

    /// <summary>It says until when its lease lets it believe.</summary>
    Believes,

    /// <summary>Its <c>Lost</c> fired.</summary>
    Lost,

    /// <summary>Its resignation returned.</summary>
    Resigned,

    /// <summary>It sent a write to the fenced resource.</summary>
    Sent,

    /// <summary>The resource accepted the write.</summary>
    Accepted,

    /// <summary>The resource refused the write.</summary>
    Refused,

    /// <summary>The test killed it.</summary>
    Killed,
}
