using System.Text.Json.Serialization;

namespace LeaderElection.Etcd.Protocol;

/// <summary>Grants, keeps alive or revokes a lease; only a grant has a time to live, in seconds.</summary>
internal sealed record LeaseRequest(
    [property: JsonPropertyName("ID")] long Id,
    [property: JsonPropertyName("TTL")] long Ttl = 0);
