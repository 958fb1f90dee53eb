using System.Text.Json.Serialization;

namespace LeaderElection.Etcd.Protocol;

/// <summary>A lease as etcd tells it. Its time to live is 0 when it is gone.</summary>
internal sealed record LeaseResponse
{
    [JsonPropertyName("TTL")]
    public long Ttl { get; init; }
}
