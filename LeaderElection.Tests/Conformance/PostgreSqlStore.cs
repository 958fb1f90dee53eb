using LeaderElection.Leases;
using LeaderElection.PostgreSql;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

public sealed class PostgreSqlStore : EntryStore, INetworkStore
{
    private PostgreSqlStore(PostgresServer server) => Server = server;

    public PostgresServer Server { get; }

    /// <summary>Starts one that a crash of the server does not hurt, if one of the machine would.</summary>
    public static async Task<PostgreSqlStore> StartNewAsync() => new(await PostgresServer.StartNewAsync("fsync=off"));

    public override Task StopAsync() => Server.KillAsync();

    public override Task StartAsync() => Server.StartAsync();

    public override Task DeleteEntryAsync(string election) => Server.RunAsync($"DELETE FROM leader_election.election WHERE name = '{election}'");

    public override async Task LoseLeasesAsync(Func<Task> noticed)
    {
        await Server.RunAsync("DELETE FROM leader_election.lease");
        await noticed();
    }

    public override ValueTask DisposeAsync() => Server.DisposeAsync();

    public StoreLine OpenLine() => new(Server.Port);

    public IElectionBackend CreateBackend(StoreLine line, TimeSpan lease) =>
        Create(options => options.LeaseDuration = lease, int.Parse(line.Endpoints.Single().Split(':')[1]));

    public async Task<int> EntriesAsync(string election) =>
        await Server.RunAsync("SELECT to_regclass('leader_election.election')::text") is ""
            ? 0
            : int.Parse(await Server.RunAsync($"SELECT count(*) FROM leader_election.election WHERE name = '{election}' AND claim_id IS NOT NULL"));

    public bool LoseNews(Span<byte> answers)
    {
        var lost = false;
        foreach (var word in (byte[][])["released "u8.ToArray(), "elected "u8.ToArray(), "ended "u8.ToArray()])
        {
            for (int at; (at = answers.IndexOf(word)) >= 0; lost = true)
                answers[at] = (byte)'-';
        }
        return lost;
    }

    protected override IElectionBackend Create(Action<LeaseOptions> configure) => Create(configure, Server.Port);

    private PostgreSqlElectionBackend Create(Action<LeaseOptions> configure, int port)
    {
        var options = new PostgreSqlElectionOptions
        {
            ConnectionString = $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres", CreateSchema = true,
        };
        configure(options);
        return new PostgreSqlElectionBackend(options, Log.For<PostgreSqlElectionBackend>());
    }
}
