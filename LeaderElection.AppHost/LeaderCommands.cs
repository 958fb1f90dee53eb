using LeaderElection.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

// The commands' arguments are still marked as being tried out.
#pragma warning disable ASPIREINTERACTION001

/// <summary>What can be done to a leader of the demonstration's workers.</summary>
internal static class LeaderCommands
{
    private static readonly TimeSpan LongestFreeze = TimeSpan.FromHours(1);

    /// <summary>Adds them; what does harm, in Development only, as the workers offer it there only.</summary>
    public static IResourceBuilder<ElectionResource> WithLeaderCommands(this IResourceBuilder<ElectionResource> election)
    {
        election.WithLeaderCommand("step-down", "Step down", "/election/resign", "stepped down", new()
        {
            Description = "Step down: the leader ends its work and hands over at once.",
            IconName = "ArrowStepOut",
            IsHighlighted = true,
        });
        if (election.Resource.Strategy == "raft")
        {
            election.WithLeaderCommand("transfer", "Transfer", "/election/transfer?to={to}", "handed over to {to}", new()
            {
                Description = "The leader hands over to the member that is named.",
                Arguments =
                [
                    new()
                    {
                        Name = "to",
                        Label = "To",
                        Description = "The member that is to lead, by its id, such as m1.",
                        InputType = InputType.Choice,
                        Required = true,
                        DynamicLoading = new() { AlwaysLoadOnStart = true, LoadCallback = context => ListFollowersAsync(context, election.Resource) },
                    },
                ],
                IconName = "ArrowSwap",
            });
        }
        if (!election.ApplicationBuilder.Environment.IsDevelopment())
            return election;

        return election
            .WithLeaderCommand("crash-leader", "Crash leader", "/faults/crash", "crashed", new()
            {
                Description = "The leader's process ends as by kill -9, without handing over.",
                ConfirmationMessage = "Kill the leader's process? It stays down until it is started again.",
                IconName = "Flash",
            })
            .WithLeaderCommand("freeze-leader", "Freeze leader", "/faults/freeze?for={seconds}s", "is frozen for {seconds} s", new()
            {
                Description = "The leader neither renews its lease nor works, as in a long pause of its process. It is replaced when its lease has run out.",
                Arguments =
                [
                    new() { Name = "seconds", Label = "For how many seconds", Description = "More than 0, at most 3600.", InputType = InputType.Number, Required = true, Value = "15" },
                ],
                ValidateArguments = context =>
                {
                    if (context.Inputs["seconds"] is var seconds && !(double.TryParse(seconds.Value, out var number) && number > 0 && number <= LongestFreeze.TotalSeconds))
                        context.AddValidationError(seconds, $"'{seconds.Value}' is not a number of seconds, more than 0 and at most {LongestFreeze.TotalSeconds}");
                    return Task.CompletedTask;
                },
                IconName = "WeatherSnowflake",
            });
    }

    /// <summary>Offers the members by their ids, without the one that leads.</summary>
    private static Task ListFollowersAsync(LoadInputContext context, ElectionResource election)
    {
        var leader = context.Services.GetRequiredService<ResourceNotificationService>().TryGetCurrentState(election.Name, out var row) ? row.Snapshot.GetLeader()?.Candidate : null;
        var cluster = context.Services.GetRequiredService<DistributedApplicationModel>().Resources.OfType<RaftClusterResource>().Single();
        context.Input.Options = [.. cluster.Members
            .Select((member, index) => KeyValuePair.Create(FormattableString.Invariant($"m{index}"), member.Name))
            .Where(member => leader?.StartsWith($"{member.Value}-", StringComparison.Ordinal) != true)];
        return Task.CompletedTask;
    }
}
