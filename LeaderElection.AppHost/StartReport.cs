using System.Diagnostics;
using LeaderElection.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

/// <summary>Says on the console, once all is up, who leads and where to look.</summary>
internal sealed class StartReport(
    ResourceNotificationService notifications, DistributedApplicationModel model, IConfiguration configuration) : BackgroundService
{
    /// <summary>After that much time the addresses are told all the same.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The name by which Aspire has its dashboard among the resources, hidden.</summary>
    private const string Dashboard = "aspire-dashboard";

    private bool HasDashboard => configuration["AppHost:BrowserToken"] is { Length: > 0 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var late = new CancellationTokenSource(Limit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, late.Token);
        var elections = model.Resources.OfType<ElectionResource>().Select(election => election.Name).ToArray();
        try
        {
            await Task.WhenAll(elections
                .Select(name => notifications.WaitForResourceAsync(name, e => e.Snapshot.GetLeader() is not null, either.Token))
                .Concat(model.Resources.OfType<ProjectResource>().Select(project => notifications.WaitForResourceHealthyAsync(project.Name, either.Token)))
                .Concat(HasDashboard ? [notifications.WaitForResourceAsync(Dashboard, e => LoginUrl(e) is not null, either.Token)] : []));
        }
        catch (Exception e) when (e is OperationCanceledException or DistributedApplicationException)
        {
            // It is told what there is.
        }

        if (!stoppingToken.IsCancellationRequested)
            Console.WriteLine(string.Join(Environment.NewLine, ["", .. Elections(elections), .. Addresses(), ""]));
    }

    private IEnumerable<string> Elections(IReadOnlyCollection<string> elections)
    {
        using var self = Process.GetCurrentProcess();
        var elapsed = TimeProvider.System.GetUtcNow() - self.StartTime.ToUniversalTime();
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
