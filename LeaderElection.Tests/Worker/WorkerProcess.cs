using System.Net.Http.Json;
using System.Text.Json;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Worker;

/// <summary>A worker of a test.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private readonly HttpClient _http;

    private WorkerProcess(ChildProcess process, Uri address)
    {
        Process = process;
        _http = new HttpClient { BaseAddress = address };
    }

    public ChildProcess Process { get; }

    public static ChildProcess Launch(
        string folder, IEnumerable<string> arguments, string environment = "Development", params (string Name, string Value)[] variables) =>
        ChildProcess.StartProject(
            "LeaderElection.Worker", arguments,
            [new("ASPNETCORE_ENVIRONMENT", environment), .. variables.Select(v => KeyValuePair.Create(v.Name, (string?)v.Value))], folder);

    /// <summary>Starts a worker with the strategy <c>file</c>, and waits until it serves HTTP.</summary>
    public static async Task<WorkerProcess> StartAsync(
        string folder, string[] arguments, string environment = "Development", params (string Name, string Value)[] variables)
    {
        var process = Launch(folder, arguments, environment, variables);
        try
        {
            var line = await process.WaitForLineAsync(" campaigns in ");
            return new WorkerProcess(process, new Uri(line.Text[line.Text.IndexOf("http://", StringComparison.Ordinal)..]));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public Task<JsonElement> ElectionAsync() => _http.GetFromJsonAsync<JsonElement>("/election");

    public Task<JsonElement> WaitForRoleAsync(string role) =>
        Eventually.GetAsync(ElectionAsync, e => e.GetProperty("role").GetString() == role, $"the role {role}; {Process.Describe()}");

    /// <summary>Whatever is at that path, also where it says that something is wrong.</summary>
    public async Task<string> GetAsync(string path)
    {
        using var response = await _http.GetAsync(path);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Waits until it says of its health that the store is in trouble.</summary>
    public Task<string> WaitForHealthAsync(string text) =>
        Eventually.GetAsync(() => GetAsync("/health"), health => health.Contains(text, StringComparison.Ordinal), $"the health to say '{text}'; {Process.Describe()}");

    public async Task<HttpResponseMessage> PostAsync(string path, string? origin = null)
    {
        // Without a body it would be sent again, to nobody, when the one who crashes hangs up.
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("") };
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        return await _http.SendAsync(request);
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return Process.DisposeAsync();
    }
}
