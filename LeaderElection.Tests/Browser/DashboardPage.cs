using System.Globalization;
using System.Text.RegularExpressions;
using LeaderElection.Tests.Processes;
using Microsoft.Playwright;

namespace LeaderElection.Tests.Browser;

/// <summary>The Aspire dashboard as a user sees it.</summary>
internal sealed class DashboardPage(IPage page, Uri login)
{
    // The columns of the resource list, from 0.
    private const int StateColumn = 1;
    private const int SourceColumn = 3;

    private static readonly LocatorWaitForOptions MenuLimit = new() { Timeout = 10_000 };

    private readonly List<string> _errors = [];
    private int _reloads;

    /// <summary>Opens the address that the AppHost printed: it logs in and leads to the resource list.</summary>
    public async Task LogInAsync()
    {
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _errors.Add(message.Text);
        };
        // A page that does not come alive is loaded anew, as a user would do.
        for (var attempt = 1; ; attempt++)
        {
            await page.GotoAsync(login.ToString());
            try
            {
                await page.Locator("tr.resource-row").First.WaitForAsync();
                return;
            }
            catch (TimeoutException) when (attempt < 3)
            {
                await PictureAsync($"failed-login-{attempt}");
            }
        }
    }

    public async Task OpenAsync(string path) => await page.GotoAsync(new Uri(login, path).ToString());

    /// <summary>Waits until the election's row names a leader with a token higher than this one.</summary>
    public Task<ElectionLine> LeaderAsync(string election, long after = 0) => Eventually.GetAsync(
        async () => Parse(await CellsAsync(election))!,
        line => line is not null && line.FencingToken > after,
        $"the row of {election} to name a leader with a token above {after}");

    public async Task WaitForStateAsync(string resource, Func<string, bool> fits, string what) => await Eventually.GetAsync(
        () => HasStateAsync(resource, fits), fitting => fitting, $"{resource} to be {what}");

    /// <summary>The full name of the replica whose id ends so.</summary>
    public async Task<string> ReplicaAsync(string ending) =>
        (await page.Locator(".resource-name-text", new() { HasTextRegex = new Regex($@"-{ending}\s*$") }).InnerTextAsync()).Trim();

    /// <summary>Takes a command from the row's menu until it shows its effect: a click that meets a page just redrawing itself is lost.</summary>
    public async Task CommandAsync(string resource, string command, Func<Task<bool>> hasEffect)
    {
        for (var attempt = 1; ; attempt++)
        {
            await TakeFromMenuAsync(resource, command);
            try
            {
                await Eventually.GetAsync(hasEffect, seen => seen, $"{command} on {resource} to show its effect", TimeSpan.FromSeconds(10));
                return;
            }
            catch (TimeoutException)
            {
                await PictureAsync($"failed-{command}-{attempt}");
                if (attempt == 4)
                    throw;
            }
        }
    }

    /// <summary>Says yes to the question that is on the screen.</summary>
    public async Task ConfirmAsync()
    {
        var yes = page.Locator("fluent-button", new() { HasTextRegex = new Regex(@"^\s*Yes\s*$") }).First;
        await Eventually.GetAsync(
            async () =>
            {
                if (await yes.IsHiddenAsync())
                    return true;
                try
                {
                    await yes.ClickAsync(new() { Timeout = 1000 });
                }
                catch (TimeoutException)
                {
                    // It moved or went while it was aimed at: look again.
                }
                return false;
            },
            gone => gone,
            "the question to be answered");
    }

    public async Task<bool> HasStateAsync(string resource, Func<string, bool> fits) => fits((await CellsAsync(resource))[StateColumn].Trim());

    public async Task<bool> HasLeaderAsync(string election, long after) => Parse(await CellsAsync(election)) is { } line && line.FencingToken > after;

    /// <summary>
    /// Opens a page, filtered or not, until it shows the text: what is typed before the page is alive is lost, and a chart whose
    /// metric had not come when the page was opened stays away.
    /// </summary>
    public async Task FindAsync(string path, string? filter, string text)
    {
        for (var attempt = 1; ; attempt++)
        {
            await OpenAsync(path);
            if (filter is not null)
            {
                await page.GetByPlaceholder("Filter...").First.ClickAsync();
                await page.Keyboard.TypeAsync(filter);
            }
            try
            {
                await Text(text).WaitForAsync(new() { Timeout = 10_000 });
                return;
            }
            catch (TimeoutException) when (attempt < 4)
            {
            }
        }
    }

    public ILocator Text(string text) => page.GetByText(text).First;

    public ILocator Locate(string selector) => page.Locator(selector);

    /// <summary>Keeps a picture, for people to look at.</summary>
    public async Task PictureAsync(string name) => await page.ScreenshotAsync(new() { Path = Screenshots.PathOf(name) });

    private static ElectionLine? Parse(IReadOnlyList<string> cells)
    {
        var line = Regex.Match(cells[SourceColumn], @"(\S+) leads, fencing token (\d+)");
        return line.Success && cells[StateColumn].Trim() == "Running"
            ? new ElectionLine(line.Groups[1].Value, long.Parse(line.Groups[2].Value, CultureInfo.InvariantCulture))
            : null;
    }

    private ILocator Row(string resource) => page.Locator(
        "tr.resource-row", new() { Has = page.Locator(".resource-name-text", new() { HasTextRegex = new Regex($@"^\s*{Regex.Escape(resource)}\s*$") }) });

    /// <summary>The menu shows what is offered when it opens; until the command is, it is closed and opened again.</summary>
    private async Task TakeFromMenuAsync(string resource, string command)
    {
        var items = page.Locator("fluent-menu-item:visible");
        var item = page.Locator("fluent-menu-item:not([disabled])", new() { HasTextRegex = new Regex($@"^\s*{Regex.Escape(command)}\s*$") });
        await Eventually.GetAsync(
            async () =>
            {
                await ReloadIfBrokenAsync();
                try
                {
                    // A menu that takes its time to open is waited for, not shut again.
                    if (await items.CountAsync() == 0)
                    {
                        await Row(resource).Locator("fluent-button[title='Actions']").ClickAsync();
                        await items.First.WaitForAsync(MenuLimit);
                    }
                    if (await item.CountAsync() == 1)
                    {
                        await item.ClickAsync(new() { Timeout = MenuLimit.Timeout });
                        return true;
                    }
                }
                catch (TimeoutException)
                {
                    // The page redrew itself meanwhile: look again.
                }
                await page.Keyboard.PressAsync("Escape");
                return false;
            },
            done => done,
            $"the command {command} on {resource}",
            2 * Eventually.Limit);
    }

    /// <summary>The dashboard's page sometimes fails on its own server, and asks to be loaded anew: as a user would, but not for ever.</summary>
    private async Task ReloadIfBrokenAsync()
    {
        if (!await page.Locator("#blazor-error-ui").IsVisibleAsync())
            return;
        if (++_reloads > 2)
            throw new InvalidOperationException($"The dashboard failed again and again:{Environment.NewLine}{string.Join(Environment.NewLine, _errors)}");
        await page.ReloadAsync();
        await page.Locator("tr.resource-row").First.WaitForAsync();
    }

    // All at once, so that they belong together.
    private async Task<IReadOnlyList<string>> CellsAsync(string resource)
    {
        await ReloadIfBrokenAsync();
        await Row(resource).WaitForAsync();
        return await Row(resource).Locator("td").AllInnerTextsAsync() is { Count: > SourceColumn } cells ? cells : ["", "", "", ""];
    }
}
