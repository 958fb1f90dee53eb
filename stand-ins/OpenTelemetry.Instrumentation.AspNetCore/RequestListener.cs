using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpenTelemetry.Instrumentation.AspNetCore;

/// <summary>Listens to ASP.NET Core's own diagnostic events: filters its request spans, and names them as HTTP's conventions say.</summary>
internal sealed class RequestListener(AspNetCoreTraceInstrumentationOptions options)
    : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Started = "Microsoft.AspNetCore.Hosting.HttpRequestIn.Start";
    private const string Stopped = "Microsoft.AspNetCore.Hosting.HttpRequestIn.Stop";

    private readonly List<IDisposable> _subscriptions = [];

    public void Subscribe()
    {
        var all = DiagnosticListener.AllListeners.Subscribe(this);
        lock (_subscriptions)
            _subscriptions.Add(all);
    }

    public void Dispose()
    {
        lock (_subscriptions)
        {
            foreach (var subscription in _subscriptions)
                subscription.Dispose();
            _subscriptions.Clear();
        }
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener listener)
    {
        if (listener.Name != "Microsoft.AspNetCore")
            return;
        var subscription = listener.Subscribe(this);
        lock (_subscriptions)
            _subscriptions.Add(subscription);
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> diagnostic)
    {
        if (diagnostic.Value is not HttpContext context || Activity.Current is not { } activity)
            return;
        if (diagnostic.Key == Started)
            OnStarted(context, activity);
        else if (diagnostic.Key == Stopped && activity.IsAllDataRequested)
            OnStopped(context, activity);
    }

    private void OnStarted(HttpContext context, Activity activity)
    {
        if (options.Filter is { } filter && !filter(context))
        {
            activity.IsAllDataRequested = false;
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            return;
        }
        if (!activity.IsAllDataRequested)
            return;
        activity.SetTag("http.request.method", context.Request.Method);
        activity.SetTag("url.scheme", context.Request.Scheme);
        activity.SetTag("url.path", (context.Request.PathBase + context.Request.Path).ToString());
        activity.SetTag("server.address", context.Request.Host.Host);
        if (context.Request.Host.Port is { } port)
            activity.SetTag("server.port", port);
    }

    private static void OnStopped(HttpContext context, Activity activity)
    {
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        activity.DisplayName = string.IsNullOrEmpty(route) ? context.Request.Method : $"{context.Request.Method} {route}";
        if (!string.IsNullOrEmpty(route))
            activity.SetTag("http.route", route);
        activity.SetTag("http.response.status_code", context.Response.StatusCode);
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
            activity.SetStatus(ActivityStatusCode.Error);
    }

    void IObserver<DiagnosticListener>.OnCompleted()
    {
    }

    void IObserver<DiagnosticListener>.OnError(Exception error)
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted()
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error)
    {
    }
}
