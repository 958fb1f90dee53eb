using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace LeaderElection.Hosting;

/// <summary>Sends a request to the leader's replica, and tells who leads then.</summary>
internal sealed class LeaderCommand(ElectionResource election, string path, string done)
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SuccessorLimit = TimeSpan.FromSeconds(30);

    public static ResourceCommandState UpdateState(UpdateCommandStateContext context) =>
        context.ResourceSnapshot.GetLeader() is null ? ResourceCommandState.Disabled : ResourceCommandState.Enabled;

    public async Task<ExecuteCommandResult> ExecuteAsync(ExecuteCommandContext context)
    {
        var notifications = context.Services.GetRequiredService<ResourceNotificationService>();
        if (!notifications.TryGetCurrentState(election.Name, out var row) || row.Snapshot.GetLeader() is not var (leader, token))
            return CommandResults.Failure($"Nobody leads {election.ElectionName} now.");

        if (election.OwnAddress(notifications, leader) is not { } address)
            return CommandResults.Failure($"{leader} leads, but it is not a replica that this application runs.");

        var request = new Uri(address, Fill(path, context.Arguments, Uri.EscapeDataString));
        if (await RefusalAsync(request, context.CancellationToken).ConfigureAwait(false) is { } refusal)
            return CommandResults.Failure($"{leader}: {refusal}");

        var next = await SuccessorAsync(context, notifications, token).ConfigureAwait(false);
        var sequel = next is not var (successor, nextToken) ? "nobody leads yet"
            : $"{successor} leads{(successor == leader ? " again" : string.Empty)} under token {nextToken}";
        var result = new Result(election.ElectionName, new(leader, token), next is var (candidate, its) ? new(candidate, its) : null);
        return CommandResults.Success(
            $"{leader} {Fill(done, context.Arguments, value => value)}; {sequel}.", JsonSerializer.Serialize(result, JsonSerializerOptions.Web), CommandResultFormat.Json);
    }

    /// <summary>Puts the arguments in where their names stand in braces.</summary>
    private static string Fill(string text, IEnumerable<InteractionInput> arguments, Func<string, string> escape) =>
        arguments.Aggregate(text, (filled, argument) => filled.Replace($"{{{argument.Name}}}", escape(argument.Value ?? string.Empty), StringComparison.Ordinal));

    private static async Task<string?> RefusalAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = RequestLimit };
        try
        {
            // A request without a body would be sent again, to nobody, when the one who crashes hangs up.
            using var body = new StringContent(string.Empty);
            using var response = await client.PostAsync(address, body, cancellationToken).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? null
                : response.StatusCode == HttpStatusCode.NotFound ? $"has no {address.AbsolutePath}"
                : (await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)).Trim() is { Length: > 0 } text ? text
                : $"answered {(int)response.StatusCode} {response.ReasonPhrase}";
        }
        catch (Exception e) when (e is SocketException or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError })
        {
            // A connection that is reset in the moment in which it is made comes as the socket's own error.
            return e.Message;
        }
        catch (HttpRequestException)
        {
            // It was asked and hung up: that is how one that crashes answers.
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "gave no answer in time";
        }
    }

    private async Task<(string Candidate, long FencingToken)?> SuccessorAsync(ExecuteCommandContext context, ResourceNotificationService notifications, long token)
    {
        using var late = new CancellationTokenSource(SuccessorLimit, context.Services.GetService<TimeProvider>() ?? TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, late.Token);
        try
        {
            var row = await notifications.WaitForResourceAsync(
                election.Name, e => e.Snapshot.GetLeader() is { } next && next.FencingToken > token, either.Token).ConfigureAwait(false);
            return row.Snapshot.GetLeader();
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private sealed record Result(string Election, Leader Was, Leader? Next);

    private sealed record Leader(string Candidate, long FencingToken);
}
