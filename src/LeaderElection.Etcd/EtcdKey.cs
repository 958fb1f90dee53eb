using System.Globalization;
using System.Text;

namespace LeaderElection.Etcd;

/// <summary>Where an election's keys are, as etcd's own <c>concurrency.Election</c> lays them out.</summary>
internal sealed class EtcdKey
{
    public EtcdKey(string election, long leaseId)
    {
        Text = election + "/" + leaseId.ToString("x", CultureInfo.InvariantCulture);
        Own = Encoding.ASCII.GetBytes(Text);
        (Prefix, PrefixEnd) = RangeOf(election);
    }

    /// <summary>The own key.</summary>
    public string Text { get; }

    public byte[] Own { get; }

    /// <summary>What the keys of all candidates begin with.</summary>
    public byte[] Prefix { get; }

    /// <summary>The first key after those.</summary>
    public byte[] PrefixEnd { get; }

    public static (byte[] Prefix, byte[] PrefixEnd) RangeOf(string election) =>
        (Encoding.ASCII.GetBytes(election + "/"), Encoding.ASCII.GetBytes(election + "0"));
}
