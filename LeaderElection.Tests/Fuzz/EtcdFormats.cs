using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LeaderElection.Etcd;
using LeaderElection.Etcd.Protocol;
using LeaderElection.Leases;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What etcd answers: one JSON object, or a line for each event.</summary>
internal static class EtcdFormats
{
    private const string Header = """ "header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437","revision":"12","raft_term":"2"} """;

    private static readonly string[] Words =
    [
        "null", "[null]", "{}", "[]", "\"\"", "-1", "\"9223372036854775807\"", "1e999", "\"YQ==\"", "\"*\"", "true", "\"header\":", "\"kvs\":", "\"events\":",
        "\"kv\":", "\"responses\":", "\"error\":", "\"message\":\"a\\nb\"", "\"result\":", "\n", new('[', 70), "\"\\ud800\"", "\"created\":true,", "\"canceled\":true,",
    ];

    /// <summary>The first character says which answer is waited for.</summary>
    private static readonly byte[][] Replies =
    [
        .. ((string[])
        [
            $$"""0{{{Header}},"token":"abcdefgh.12"}""",
            $$"""1{{{Header}},"ID":"7587854","TTL":"5"}""",
            $$$"""2{"result":{{{{Header}}},"ID":"7587854","TTL":"5"}}""",
            """2{"error":{"grpc_code":5,"http_code":404,"message":"etcdserver: requested lease not found","http_status":"Not Found"}}""",
            $$"""3{{{Header}},"version":"3.5.9","dbSize":"20480","leader":"10276657743932975437","raftIndex":"8","raftTerm":"2"}""",
            $$$"""4{{{{Header}}},"succeeded":true,"responses":[{"response_range":{{{{Header}}},"kvs":[{"key":"ZS8x","create_revision":"11","mod_revision":"11","version":"1","value":"YQ==","lease":"1"}],"more":true,"count":"2"}},{"response_put":{{{{Header}}}}}]}""",
            $$$"""4{{{{Header}}},"succeeded":true,"responses":[{"response_txn":{{{{Header}}},"succeeded":true,"responses":[{"response_range":{{{{Header}}}}}]}}]}""",
            $$"""5{{{Header}},"kvs":[{"key":"ZS8x","create_revision":"11","mod_revision":"11","version":"1","value":"YQ=="}],"count":"1"}""",
            """6{"error":"etcdserver: user name is empty","message":"etcdserver: user name is empty","code":3}""",
            """6{"error":{"grpc_code":7,"http_code":403,"message":"etcdserver: permission denied"}}""",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Streams =
    [
        .. ((string[])
        [
            $$$"""{"result":{{{{Header}}},"watch_id":"1","created":true}}""" + "\n" + $$$"""{"result":{{{{Header}}},"watch_id":"2","created":true}}""" + "\n"
            + $$$"""{"result":{{{{Header}}},"watch_id":"2","events":[{"kv":{"key":"ZS8x","create_revision":"11","mod_revision":"13","value":"YQ=="}},{"type":"DELETE","kv":{"key":"ZS8x","mod_revision":"14"}}]}}""" + "\n"
            + $$$"""{"result":{{{{Header}}},"watch_id":"1"}}""" + "\n",
            $$$"""{"result":{{{{Header}}},"watch_id":"1","created":true,"canceled":true,"compact_revision":"9","cancel_reason":"permission denied"}}""" + "\n",
            """{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}}""" + "\n",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly EtcdConnection Connection = new(new EtcdElectionOptions { ConnectionString = "http://localhost:2379" }, TimeProvider.System);

    private static readonly EtcdWatches Hub = new(
        Connection, TimeProvider.System, new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)), static _ => { });

    public static readonly FuzzFormat[] All =
    [
        new("etcd-replies", Replies, ReadReply) { Words = Words },
        new("etcd-watch", Streams, ReadStream) { Words = Words, AcceptsSamples = false },
    ];

    private static string? ReadReply(byte[] input)
    {
        try
        {
            if (input is not [var kind, ..])
                return "there is no answer";
            var json = input.AsSpan(1);
            switch (kind)
            {
                case (byte)'0':
                    Check(json, EtcdJson.Default.AuthenticateResponse);
                    break;
                case (byte)'1':
                    Check(json, EtcdJson.Default.LeaseResponse);
                    break;
                case (byte)'2':
                    if (Check(json, EtcdJson.Default.StreamItemLeaseResponse).Error is { } error)
                        OneLine(error.ToFailure());
                    break;
                case (byte)'3':
                    Check(json, EtcdJson.Default.StatusResponse);
                    break;
                case (byte)'4':
                    var txn = Check(json, EtcdJson.Default.TxnResponse);
                    var outcome = EtcdOutcome.Of(txn, EtcdOutcome.RevisionOf(txn));
                    Assert.True(outcome.Revision > 0);
                    Assert.False(outcome.Found is { Key: null } or { Value: null });
                    break;
                case (byte)'5':
                    Check(json, EtcdJson.Default.RangeResponse);
                    break;
                default:
                    OneLine(EtcdConnection.Refusal((HttpStatusCode)(400 + (kind % 2 * 100)), json.ToArray()));
                    break;
            }
            return null;
        }
        catch (EtcdFailure e)
        {
            return OneLine(e);
        }
        catch (ElectionStoreException e)
        {
            return e.Message;
        }
    }

    /// <summary>What was read, written and read again, is the same.</summary>
    private static T Check<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        var reply = EtcdReply.Parse(json, type);
        var written = JsonSerializer.SerializeToUtf8Bytes(reply, type);
        Assert.Equal(written, JsonSerializer.SerializeToUtf8Bytes(EtcdReply.Parse(written, type), type));
        return reply;
    }

    private static string OneLine(EtcdFailure failure)
    {
        var text = EtcdConnection.Error(new Uri("http://localhost:2379"), failure).Message;
        Assert.DoesNotContain(text, char.IsControl);
        return text;
    }

    private static string? ReadStream(byte[] input)
    {
        const long from = 13;
        var told = 0;
        HashSet<EtcdWatch> watches = [.. Enumerable.Range(1, 2).Select(id => new EtcdWatch(Hub, id, "e/1"u8.ToArray(), null, false, from, news =>
        {
            // An event is of a revision that was asked for, and of a key.
            Assert.True(news is null or { Kv: { ModRevision: >= from, Key: not null } });
            told++;
        }))];
        using var stream = new EtcdWatchStream(Connection, TimeProvider.System, watches);
        var listening = stream.ListenAsync(
            new Replay(input, piece: 1 + (input.Length % 500)), static () => { }, static (watch, response) => watch.Missed(response.CompactRevision), static () => { }, CancellationToken.None);
        Assert.True(listening.IsCompleted);
        Assert.InRange(told, 0, input.Length);
        return listening.Exception?.InnerException switch
        {
            EtcdFailure e => OneLine(e),
            null => throw new InvalidOperationException("a stream has no good end"),
            var other => throw new InvalidOperationException("it broke", other),
        };
    }
}
