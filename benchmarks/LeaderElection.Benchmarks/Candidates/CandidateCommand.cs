using System.CommandLine;

namespace LeaderElection.Benchmarks.Candidates;

/// <summary>
/// One candidate that prints <c>READY</c>, <c>LEADER</c>, <c>LOST</c>, <c>RESIGN</c> and <c>RESIGNED</c>, each with the
/// wall clock in nanoseconds, and obeys <c>resign</c>, <c>campaign</c> and <c>quit</c> on standard input.
/// </summary>
internal static class CandidateCommand
{
    public static Command Create()
    {
        var command = new Command("candidate", "Campaigns in one election, driven over standard input.");
        var store = new StoreOptions(command);
        var election = new Option<string>("--election") { Required = true, Description = "the election" };
        command.Options.Add(election);
        command.SetAction((parsed, stop) => RunAsync(
            store.CreateBackend(parsed, parsed.GetRequiredValue(election)), parsed.GetRequiredValue(election), store.Id(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(IElectionBackend backend, string name, string id, CancellationToken stop)
    {
        await using var closing = backend;
        await using var election = backend.CreateElection(name, id);
        if (!await FirstContact.MadeAsync(backend, stop))
            return 1;
        var leading = CampaignAsync(election);
        while (await Console.In.ReadLineAsync(stop) is { } line && line.Trim() != "quit")
        {
            if (line.Trim() == "resign" && leading.IsCompletedSuccessfully)
            {
                Protocol.Say("RESIGN");
                await (await leading).ResignAsync(stop);
                Protocol.Say("RESIGNED");
            }
            else if (line.Trim() == "campaign")
            {
                leading = CampaignAsync(election);
            }
        }
        return 0;
    }

    private static async Task<Leadership> CampaignAsync(IElection election)
    {
        Protocol.Say("READY");
        var leadership = await election.CampaignAsync();
        Protocol.Say("LEADER");
        leadership.Lost.Register(() =>
        {
            if (leadership.EndReason != LeadershipEnd.Resigned)
                Protocol.Say("LOST");
        });
        return leadership;
    }
}
