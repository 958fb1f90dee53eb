using OpenTelemetry.Instrumentation.AspNetCore;

namespace OpenTelemetry.Trace;

public static class AspNetCoreInstrumentationTracerProviderBuilderExtensions
{
    public static TracerProviderBuilder AddAspNetCoreInstrumentation(this TracerProviderBuilder builder) =>
        builder.AddAspNetCoreInstrumentation(configureAspNetCoreTraceInstrumentationOptions: null);

    public static TracerProviderBuilder AddAspNetCoreInstrumentation(
        this TracerProviderBuilder builder,
        Action<AspNetCoreTraceInstrumentationOptions>? configureAspNetCoreTraceInstrumentationOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new AspNetCoreTraceInstrumentationOptions();
        configureAspNetCoreTraceInstrumentationOptions?.Invoke(options);
        return builder.AddSource("Microsoft.AspNetCore").AddInstrumentation(() =>
        {
            var listener = new RequestListener(options);
            listener.Subscribe();
            return listener;
        });
    }
}
