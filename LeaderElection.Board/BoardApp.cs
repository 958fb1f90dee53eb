using LeaderElection.Board.Actions;
using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;
using LeaderElection.Board.Ledger;
using LeaderElection.Board.Scenarios;
using LeaderElection.ServiceDefaults;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace LeaderElection.Board;

/// <summary>Puts the board together; the program and the tests start the same one.</summary>
internal static class BoardApp
{
    private const string DefaultUrl = "http://localhost:8080";

    /// <param name="args">The command line.</param>
    /// <param name="configure">What a test replaces, before the application is built.</param>
    /// <exception cref="LedgerException">The ledger cannot be opened.</exception>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(BoardApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        // Weaker than any setting of the user's: a line for every request is too many.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = [new("Logging:LogLevel:Microsoft.AspNetCore", "Warning")],
        });
        // A failed start is one line on stderr, see Program; the host would log it with its stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.AddServiceDefaults();
        UseLoopbackUnlessToldOtherwise(builder);

        // No request is larger; and one that trickles in is cut off after the grace, not waited for.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 2 * LedgerRequest.MaxBodyBytes;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        });

        builder.Services.AddProblemDetails();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.Configure<BoardOptions>(builder.Configuration.GetSection(BoardOptions.Section));
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ChangeFeed>();
        builder.Services.AddSingleton<CandidateRoster>();
        builder.Services.AddSingleton<PageStream>();
        builder.Services.AddSingleton<BoardGuard>();
        builder.Services.AddSingleton<Operator>();
        builder.Services.AddSingleton<ReplicaActions>();
        builder.Services.AddSingleton<LedgerNews>();
        builder.Services.AddScenarios();
        builder.Services.AddSingleton(services => LedgerStore.Open(
            services.GetRequiredService<IOptions<BoardOptions>>().Value.DataDirectory,
            services.GetRequiredService<TimeProvider>()));
        builder.Services.AddHealthChecks().AddCheck<LedgerHealthCheck>("ledger");
        configure?.Invoke(builder);

        var app = builder.Build();
        try
        {
            // Opened now: a board without its ledger does not start.
            app.Services.GetRequiredService<LedgerStore>();
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }

        // Whoever looks on looks all the time; the traces are to tell of the elections.
        app.Use((context, next) =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
                context.Features.Get<IHttpActivityFeature>()?.Activity.SetRoutine();
            return next(context);
        });
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => AddPageHeaders(file.Context.Response.Headers) });
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(10) });
        app.MapDefaultEndpoints();
        app.MapElections();
        app.MapCandidates();
        app.MapLedger();
        app.MapActions();
        app.MapOperator();
        app.MapScenarios();
        return app;
    }

    private static void UseLoopbackUnlessToldOtherwise(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var told = !string.IsNullOrEmpty(configuration["urls"])
            || !string.IsNullOrEmpty(configuration["http_ports"])
            || !string.IsNullOrEmpty(configuration["https_ports"])
            || configuration.GetSection("Kestrel:Endpoints").Exists();
        if (!told)
            builder.WebHost.UseUrls(DefaultUrl);

        // On loopback nobody calls the board by a foreign name, unless a web page has its own name point here (DNS rebinding).
        var urls = (told ? configuration["urls"] ?? "" : DefaultUrl).Split(';', StringSplitOptions.RemoveEmptyEntries);
        if (urls.Length > 0 && urls.All(IsLoopback) && string.IsNullOrEmpty(configuration["AllowedHosts"]))
        {
            builder.Services.Configure<HostFilteringOptions>(options =>
                options.AllowedHosts = ["localhost", "*.localhost", "127.0.0.1", "[::1]"]);
        }
    }

    private static bool IsLoopback(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.IsLoopback;

    private static void AddPageHeaders(IHeaderDictionary headers)
    {
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = "default-src 'self'; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        headers.XContentTypeOptions = "nosniff";
    }
}
