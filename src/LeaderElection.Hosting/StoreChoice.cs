namespace LeaderElection.Hosting;

/// <summary>How a store is to be run on this machine.</summary>
public enum StoreChoice
{
    /// <summary>As a container where a runtime answers, else as a server that is installed, else not at all.</summary>
    Auto,

    /// <summary>As a container.</summary>
    Container,

    /// <summary>As a server that is installed.</summary>
    Native,

    /// <summary>Not at all.</summary>
    None,
}
