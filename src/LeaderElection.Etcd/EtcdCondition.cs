using System.Globalization;
using System.Text;

namespace LeaderElection.Etcd;

/// <summary>
/// That a leadership still holds, as the condition of an etcd transaction: writes under it are refused by etcd itself
/// once another leads, however late they arrive.
/// </summary>
/// <remarks>
/// With any client: compare the create revision of <see cref="Key"/> with <see cref="CreateRevision"/>, e.g. in Go
/// <c>clientv3.Compare(clientv3.CreateRevision(key), "=", revision)</c>, and put the writes into the <c>Then</c> of
/// that transaction.
/// </remarks>
/// <param name="Key">The leader's key in its election.</param>
/// <param name="CreateRevision">The revision at which it was created: the fencing token.</param>
public sealed record EtcdCondition(string Key, long CreateRevision)
{
    /// <summary>The condition as etcd's HTTP gateway takes it, one element of <c>compare</c> in a request to <c>/v3/kv/txn</c>.</summary>
    public string ToJson() => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"key":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(Key))}}","target":"CREATE","result":"EQUAL","create_revision":"{{CreateRevision}}"}""");
}
