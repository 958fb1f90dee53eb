namespace LeaderElection.ZooKeeper.Client;

/// <summary>Reads an answer.</summary>
internal delegate T ReplyDecoder<out T>(ref JuteReader reader);
