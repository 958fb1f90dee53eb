namespace LeaderElection.Sessions;

/// <summary>Where an entry stands. For authors of election strategies.</summary>
public enum QueuePlace
{
    /// <summary>Nobody is before it, and it was seen to exist and to belong to this session: its candidate leads.</summary>
    First,

    /// <summary>Somebody is before it. The entry hears of it when that one, or itself, goes.</summary>
    Behind,

    /// <summary>It is not there any more.</summary>
    Gone,
}
