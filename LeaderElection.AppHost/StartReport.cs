using System.Diagnostics;
using LeaderElection.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

/// <summary>Says on the console, once all is up, who leads and where to look.</summary>
internal sealed class StartReport(
    ResourceNotificationService notifications, DistributedApplicationModel model, IConfiguration configuration) : BackgroundService
{
    /// <summary>The name by which Aspire has its dashboard among the resources, hidden.</summary>
    private const string Dashboard = "aspire-dashboard";

    /// <summary>After that much time it is told what there is, and what is missing; the rest later, should it come.</summary>
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Where it is told.</summary>
    public TextWriter Output { get; set; } = Console.Out;

    private bool HasDashboard => configuration["AppHost:BrowserToken"] is { Length: > 0 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var elections = model.Resources.OfType<ElectionResource>().Select(election => election.Name).ToArray();
        var up = UpAsync(elections, stoppingToken);
        try
        {
            await up.WaitAsync(Limit, TimeProvider.System, stoppingToken);
        }
        catch (TimeoutException)
        {
            Tell(elections);
            await up;
        }
        Tell(elections);
    }

    private async Task UpAsync(IEnumerable<string> elections, CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(elections
                .Select(name => notifications.WaitForResourceAsync(name, e => e.Snapshot.GetLeader() is not null, stoppingToken))
                .Concat(model.Resources.OfType<ProjectResource>().Select(project => notifications.WaitForResourceHealthyAsync(project.Name, stoppingToken)))
                .Concat(HasDashboard ? [notifications.WaitForResourceAsync(Dashboard, e => LoginUrl(e) is not null, stoppingToken)] : []));
        }
        catch (DistributedApplicationException)
        {
            // One of them failed; it is told what there is.
        }
    }

    private void Tell(IReadOnlyCollection<string> elections)
    {
        IEnumerable<string> unwell = model.Unwell(notifications).Select(line => $"  {line}");
        Output.WriteLine(string.Join(Environment.NewLine, ["", .. Elections(elections), .. unwell, .. Addresses(), ""]));
    }

    private IEnumerable<string> Elections(IReadOnlyCollection<string> elections)
    {
        using var self = Process.GetCurrentProcess();
        var elapsed = TimeProvider.System.GetUtcNow() - new DateTimeOffset(self.StartTime);
        yield return FormattableString.Invariant($"After {elapsed.TotalSeconds:0.0} s:");
        foreach (var name in elections)
        {
            yield return notifications.TryGetCurrentState(name, out var row) && row.Snapshot.GetLeader() is var (leader, token)
                ? $"  {name,-14} is led by {leader}, fencing token {token}"
                : $"  {name,-14} has no leader yet";
        }
    }

    private IEnumerable<string> Addresses()
    {
        if (HasDashboard && notifications.TryGetCurrentState(Dashboard, out var dashboard) && LoginUrl(dashboard) is { } login)
            yield return $"  Dashboard      {login}";

        if (model.Resources.OfType<IResourceWithEndpoints>().FirstOrDefault(resource => resource.Name == "board")?.GetEndpoint("http") is { IsAllocated: true } board)
            yield return $"  Board          {board.Url}";
    }

    private static string? LoginUrl(ResourceEvent dashboard) => dashboard.Snapshot.State?.Text == KnownResourceStates.Running
        ? dashboard.Snapshot.Urls.Select(url => url.Url).Where(url => url.Contains("/login?t=", StringComparison.Ordinal)).Order(StringComparer.Ordinal).LastOrDefault()
        : null;
}
