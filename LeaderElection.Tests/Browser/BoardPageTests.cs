using System.Text.RegularExpressions;
using LeaderElection.Tests.Board;
using LeaderElection.Tests.Processes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace LeaderElection.Tests.Browser;

/// <summary>The board's page in a real browser, with real workers.</summary>
public sealed class BoardPageTests : IAsyncLifetime
{
    private readonly List<string> _errors = [];
    private Chromium _browser = null!;
    private BoardHost _board = null!;
    private Replicas _replicas = null!;
    private OperatorStub _operator = null!;

    public async Task InitializeAsync()
    {
        // A worker that is started anew on a busy machine takes its time.
        SetDefaultExpectTimeout(30_000);
        _browser = await Chromium.LaunchAsync();
        _board = await BoardHost.StartAsync(isDevelopment: true, operatorKey: OperatorStub.Key);
        _replicas = await Replicas.StartAsync(_board, "jobs", 3);
        _operator = await OperatorStub.ConnectAsync(_board, _replicas.OperateAsync);
    }

    public async Task DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _operator.DisposeAsync();
        await _board.DisposeAsync();
        await _replicas.DisposeAsync();
    }

    [Fact]
    public async Task CrashButton_LeadsToANewLeader_AndTheTimelineShowsTheGap()
    {
        var page = await OpenAsync();
        var old = await LeaderAsync(page);

        await page.GetByLabel($"Actions on {old}").First.ClickAsync();
        var crash = page.Locator($"[data-candidate='{old}'] [data-action='crash']");
        // A double click is one click: it asks, and does nothing yet.
        await crash.DblClickAsync();
        await Expect(crash).ToHaveTextAsync("Really crash?");
        await Expect(page.Locator(".who")).ToHaveTextAsync(old);
        await crash.ClickAsync(new() { Delay = 500 });

        await Expect(page.Locator(".who")).ToHaveTextAsync(new Regex($"^(?!{old}|none).+"));
        await Expect(page.Locator($"[data-candidate='{old}'] .role")).ToHaveTextAsync("gone");
        await Expect(page.Locator($"[data-candidate='{old}'] .answer")).ToHaveTextAsync("crash: done");
        await Expect(page.Locator("rect.gap")).ToHaveCountAsync(1);
        await Expect(page.Locator(".gap-label")).ToHaveTextAsync(new Regex(@"^(< )?[\d.]+ m?s$"));
        await Expect(page.Locator("#figure-failover")).ToHaveTextAsync(new Regex(@"^[\d.]+ m?s$"));
        await Expect(page.Locator("#note-leaderships")).ToHaveTextAsync("never two at once");
        await page.ScreenshotAsync(new() { Path = Screenshots.PathOf("board"), FullPage = true });

        await page.Locator($"[data-candidate='{old}'] [data-action='start']").ClickAsync();
        await Expect(page.Locator($"[data-candidate='{old}'] .role")).ToHaveTextAsync("follower");
        Assert.True(_errors.Count == 0, string.Join('\n', _errors));
    }

    [Fact]
    public async Task Actions_AreReachedByKeyboard()
    {
        var page = await OpenAsync();
        var old = await LeaderAsync(page);
        var open = page.GetByRole(AriaRole.Button, new() { Name = $"Actions on {old}", Exact = true });

        // Tab by tab from the top of the page, as one does.
        await Eventually.GetAsync(
            async () =>
            {
                await page.Keyboard.PressAsync("Tab");
                return await open.EvaluateAsync<bool>("button => button === document.activeElement");
            },
            focused => focused,
            "the focus to come to the leader's actions");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = $"Resign {old}" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator(".who")).ToHaveTextAsync(new Regex($"^(?!{old}|none).+"));
        await page.Keyboard.PressAsync("Escape");
        await Expect(open).ToBeFocusedAsync();
        await Expect(open).ToHaveAttributeAsync("aria-expanded", "false");
    }

    [Fact]
    public async Task ScenarioButton_ShowsTheOutcome()
    {
        var page = await OpenAsync();

        await page.Locator("[data-scenario='leader-failure']").ClickAsync();

        await Expect(page.Locator(".verdict")).ToHaveTextAsync("Leader failure: PASSED", new() { Timeout = 60_000 });
        await Expect(page.Locator(".log")).ToContainTextAsync("campaigns again");
    }

    [Fact]
    public async Task Page_OnAPhone_FitsItsWidth()
    {
        var page = await OpenAsync(360, 780, ColorScheme.Dark);
        await page.GetByLabel($"Actions on {await LeaderAsync(page)}").First.ClickAsync();

        var widths = await page.EvaluateAsync<int[]>("[document.documentElement.scrollWidth, window.innerWidth]");

        Assert.Equal(widths[1], widths[0]);
        await page.ScreenshotAsync(new() { Path = Screenshots.PathOf("board-phone"), FullPage = true });
        Assert.True(_errors.Count == 0, string.Join('\n', _errors));
    }

    private async Task<IPage> OpenAsync(int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await _browser.OpenAsync(width, height, scheme);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _errors.Add($"{message.Text} {message.Location}");
        };
        page.PageError += (_, error) => _errors.Add(error);
        await page.GotoAsync(_board.Client.BaseAddress!.ToString());
        return page;
    }

    private static async Task<string> LeaderAsync(IPage page)
    {
        await Expect(page.Locator(".who")).ToHaveTextAsync(new Regex("^node-"));
        return await page.Locator(".who").InnerTextAsync();
    }
}
