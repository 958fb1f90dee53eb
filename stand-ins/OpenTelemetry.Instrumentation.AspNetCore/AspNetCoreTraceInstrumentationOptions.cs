using Microsoft.AspNetCore.Http;

namespace OpenTelemetry.Instrumentation.AspNetCore;

public class AspNetCoreTraceInstrumentationOptions
{
    /// <summary>Which requests are traced; all of them if it is not set.</summary>
    public Func<HttpContext, bool>? Filter { get; set; }
}
