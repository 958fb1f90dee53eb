using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using LeaderElection.Raft;
using LeaderElection.Raft.Transport;
using LeaderElection.Telemetry;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Raft;

/// <summary>Who does not belong to the cluster gets nowhere, and is spoken of once, in one clear line.</summary>
public sealed class RaftSecurityTests
{
    [Fact]
    public async Task OtherSecret_NoLinkAndALineOnBothSides()
    {
        const string other = "another secret of the tests";
        await using var members = new RaftMembers(3, configure: (i, options) => options.Secret = i == 2 ? other : options.Secret);
        await StartAsync(members);
        await SaysAsync(members, 2, "a connection from 127.0.0.1", "no link: its secret is not the one of this member");
        await SaysAsync(members, 0, "m2 at 127.0.0.1:", "no link: it refuses this member: this member's secret is not the one that it has");
        await OnlyTheFirstTwoElectAsync(members);
        Assert.DoesNotContain(members.Logs.SelectMany(l => l.Lines), l => l.Contains(other, StringComparison.Ordinal) || l.Contains(RaftClusterFiles.Secret, StringComparison.Ordinal));
        // It is tried again and again, but said once.
        Assert.Single(members.Logs[0].Lines, l => l.Contains("this member's secret is not", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OtherCluster_IsNotHeardAndALineOnBothSides()
    {
        await using var members = new RaftMembers(3, configure: (i, options) =>
            options.ConnectionString = i == 2 ? options.ConnectionString!.Replace("cluster=tests", "cluster=others", StringComparison.Ordinal) : options.ConnectionString);
        // Its state is of the other cluster, too.
        File.Delete(Path.Combine(members.Files.Options(2).Directory!, "state"));
        await StartAsync(members);
        members.Campaign(0);
        await SaysAsync(members, 0, "m2: m2 belongs to cluster 'others', this member (m0) to 'tests'");
        await SaysAsync(members, 2, "m0: m0 belongs to cluster 'tests', this member (m2) to 'others'");
        await OnlyTheFirstTwoElectAsync(members);
    }

    [Fact]
    public async Task OtherListOfMembers_IsNotHeardAndALineOnBothSides()
    {
        await using var members = new RaftMembers(3, configure: (i, options) =>
            options.ConnectionString = i == 2 ? options.ConnectionString!.Replace(";", ",m3=127.0.0.1:1;", StringComparison.Ordinal) : options.ConnectionString);
        // With its state it does not even start.
        File.Delete(Path.Combine(members.Files.Options(2).Directory!, "state"));
        await StartAsync(members);
        members.Campaign(0);
        await SaysAsync(members, 0, "m2: m2 has the members m0,m1,m2,m3 (version 1), this member (m0) has m0,m1,m2 (version 1)");
        await SaysAsync(members, 2, "m0: m0 has the members m0,m1,m2 (version 1), this member (m2) has m0,m1,m2,m3 (version 1)");
        await OnlyTheFirstTwoElectAsync(members);
    }

    [Fact]
    public async Task Garbage_IsTurnedAwayCountedAndSaidOnce()
    {
        var count = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == ElectionTelemetry.Name && instrument.Name == "leader_election.raft.refused")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags.ToArray().Contains(new("election.refusal.reason", "garbage")))
                Interlocked.Add(ref count, value);
        });
        listener.Start();
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await using var stranger = await ConnectAsync(members, 0);
            await stranger.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            Assert.Equal(0, await ReadToEndAsync(stranger));
        }
        Assert.True(Interlocked.Read(ref count) >= 3);
        Assert.Single(members.Logs[0].Lines, l => l.Contains("what it sent is not a handshake", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OtherVersion_IsToldSo()
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        await using var stranger = await ConnectAsync(members, 0);
        var hello = new Hello("m1", "m0", new(RaftClusterFiles.StateIdOf(1), 1), true, false, default, Hello.NewNonce()).ToBytes();
        hello[6] = 9;
        await stranger.WriteAsync((byte[])[(byte)(hello.Length + 1), (byte)((hello.Length + 1) >> 8), 1, .. hello]);
        var answer = new byte[4];
        await stranger.ReadExactlyAsync(answer);
        Assert.Equal([2, 0, 4, (byte)RefusalReason.Version], answer);
        Assert.Equal(0, await ReadToEndAsync(stranger));
        await SaysAsync(members, 0, "it speaks protocol version 9; this member speaks version 3");
    }

    [Fact]
    public async Task Acceptor_ProvesNothing_BeforeWhoDialsHas()
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        await using var stranger = await ConnectAsync(members, 0);
        var hello = new Hello("m1", "m0", new(RaftClusterFiles.StateIdOf(1), 1), true, false, default, Hello.NewNonce()).ToBytes();
        await stranger.WriteAsync((byte[])[(byte)(hello.Length + 1), (byte)((hello.Length + 1) >> 8), 1, .. hello]);
        var head = new byte[3];
        await stranger.ReadExactlyAsync(head);
        var answer = new byte[head[0] + (head[1] << 8) - 1];
        await stranger.ReadExactlyAsync(answer);
        // A hello to the last byte, and nothing after it.
        Assert.Equal("m0", Hello.Read(answer).From);
        await stranger.WriteAsync((byte[])[33, 0, 3, .. new byte[32]]);
        var rest = new byte[4];
        await stranger.ReadExactlyAsync(rest);
        Assert.Equal([2, 0, 4, (byte)RefusalReason.Secret], rest);
    }

    [Theory]
    [InlineData("m9", "m0", 1, (byte)RefusalReason.Stranger, "it says that it is m9, which is not on this member's list (m0, m1, m2)")]
    [InlineData("m0", "m0", 1, (byte)RefusalReason.Stranger, "it says that it is m0")]
    [InlineData("m1", "m2", 1, (byte)RefusalReason.Target, "m1 was looking for m2 where m0 is")]
    public async Task OtherNames_AreRefused(string from, string to, long incarnation, byte reason, string line)
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        await using var stranger = await ConnectAsync(members, 0);
        var refused = await Assert.ThrowsAnyAsync<RefusedException>(() =>
            Stranger(from, incarnation).DialAsync(stranger, to, _ => null, members.Late));
        Assert.Equal((RefusalReason)reason, refused.Reason);
        await SaysAsync(members, 0, line);
    }

    [Fact]
    public async Task MemberThatComesWithAnOlderCopyOfItsFolder_IsRefused()
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        await using var before = await ConnectAsync(members, 0);
        await Stranger("m1", 5).DialAsync(before, "m0", _ => null, members.Late);
        await Eventually.TrueAsync(() => members.Backends[0].GetStatus().Peers.Any(p => p.IsConnected), "the link");
        await using var after = await ConnectAsync(members, 0);
        var refused = await Assert.ThrowsAnyAsync<RefusedException>(() =>
            Stranger("m1", 4).DialAsync(after, "m0", _ => null, members.Late));
        Assert.Equal(RefusalReason.Forgetful, refused.Reason);
        await SaysAsync(members, 0, "m1 says that this is its start number 4, but it has been started 5 times: its folder is an older copy");
    }

    [Fact]
    public async Task OversizeFrame_EndsTheLinkAndIsCounted()
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        await using var link = await ConnectAsync(members, 0);
        await Stranger("m1", 1).DialAsync(link, "m0", _ => null, members.Late);
        await link.WriteAsync((byte[])[0xFF, 0xFF, 0xFF, 0x7F, 1, 5]);
        await ReadToEndAsync(link);
        await SaysAsync(members, 0, "m1: link ended, because of a frame of 2147483647 bytes; allowed are 10 to 6291456");
        Assert.Equal(1, members.Backends[0].GetStatus().Peers.Single(p => p.Member == "m1").Refused);
    }

    [Fact]
    public async Task SilentStrangers_AreBoundedAndShownOut()
    {
        await using var members = new RaftMembers(3);
        await members.Backends[0].StartAsync();
        var strangers = new List<Stream>();
        for (var i = 0; i < 80; i++)
            strangers.Add(await ConnectAsync(members, 0));
        await SaysAsync(members, 0, "more than 64 handshakes are under way");
        await SaysAsync(members, 0, "it did not finish its handshake in time");
        await members.CampaignAsync();
        foreach (var stranger in strangers)
            await stranger.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Certificates_LetMembersInAndNobodyElse(bool hasExpired)
    {
        using var certificates = new Certificates();
        await using var members = new RaftMembers(3, configure: (i, options) =>
        {
            var own = i < 2 ? certificates.Server : hasExpired ? certificates.ExpiredServer : certificates.ServerOfOtherAuthority;
            (options.CaFile, options.CertificateFile, options.KeyFile) = (certificates.Authority.CertificateFile, own.CertificateFile, own.KeyFile);
            options.Secret = null;
        });
        await StartAsync(members);
        await SaysAsync(members, 0, "m2 at 127.0.0.1:", "no link: TLS: ");
        await OnlyTheFirstTwoElectAsync(members);
        await using var stranger = await ConnectAsync(members, 0);
        await Assert.ThrowsAnyAsync<Exception>(() => Stranger("m1", 1, null).DialAsync(stranger, "m0", _ => null, members.Late));
        await SaysAsync(members, 0, "a connection from 127.0.0.1", "no link: TLS: ");
    }

    [Fact]
    public async Task CertificateOfSomethingElse_IsNotAMembers()
    {
        using var certificates = new Certificates();
        await using var members = new RaftMembers(3, configure: (i, options) =>
        {
            var own = i == 0 ? certificates.Client : certificates.Server;
            (options.CaFile, options.CertificateFile, options.KeyFile) = (certificates.Authority.CertificateFile, own.CertificateFile, own.KeyFile);
        });
        await StartAsync(members);
        await SaysAsync(members, 1, "no link: its certificate carries neither 127.0.0.1 nor m0 as a name");
        await SaysAsync(members, 0, "it refuses this member: this member's certificate is not one of this member");
    }

    private static Handshake Stranger(string id, long incarnation, string? secret = RaftClusterFiles.Secret) =>
        new(id, new(RaftClusterFiles.StateIdOf(int.Parse(id[1..])), incarnation), secret, () => true);

    private static Task StartAsync(RaftMembers members) => Task.WhenAll(members.Backends.Select(b => b.StartAsync(members.Late).AsTask()));

    private static async Task OnlyTheFirstTwoElectAsync(RaftMembers members)
    {
        if (members.Leaderships is [])
            members.Campaign(0);
        members.Campaign(1);
        members.Campaign(2);
        var leader = await members.LeaderAsync(null, 2);
        Assert.NotEqual("m2", leader.CandidateId);
        Assert.Null(members.Backends[2].GetStatus("e")?.Leader);
    }

    private static Task SaysAsync(RaftMembers members, int member, params string[] parts) => Eventually.TrueAsync(
        () => members.Logs[member].Lines.Any(l => parts.All(p => l.Contains(p, StringComparison.Ordinal)) && !l.Contains('\n', StringComparison.Ordinal)),
        $"m{member} to say \"{string.Join(" … ", parts)}\"");

    private static async Task<NetworkStream> ConnectAsync(RaftMembers members, int to)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        RaftAddress.TryParse(members.Files.Options(to).ConnectionString!, out var address);
        await socket.ConnectAsync(IPAddress.Loopback, address.Members[to].Port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <returns>How many bytes came.</returns>
    private static async Task<int> ReadToEndAsync(NetworkStream stream)
    {
        var count = 0;
        try
        {
            while (await stream.ReadAsync(new byte[1024]) is var read and > 0)
                count += read;
        }
        catch (IOException)
        {
            // Closed with bytes unread, it was reset.
        }
        return count;
    }
}
