using Microsoft.Extensions.Http.Resilience;

namespace Microsoft.Extensions.DependencyInjection;

public static class ResilienceHttpClientBuilderExtensions
{
    public static IHttpStandardResiliencePipelineBuilder AddStandardResilienceHandler(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddHttpMessageHandler(static services => new StandardResilienceHandler(
            StandardResilienceHandler.CreatePipeline(services.GetService<TimeProvider>() ?? TimeProvider.System)));
        return new HttpStandardResiliencePipelineBuilder($"{builder.Name}-standard", builder.Services);
    }
}
