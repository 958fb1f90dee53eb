using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    /// Configured as Parameters:NAME, else generated. Aspire keeps what it generated in the user secrets; here it lasts as long as the application.
    public static ParameterResource CreateGeneratedParameter(
        IDistributedApplicationBuilder builder, string name, bool secret, GenerateParameterDefault parameterDefault) =>
        new(name, generate => builder.Configuration[$"Parameters:{name}"] ?? generate!.GetDefaultValue(), secret) { Default = parameterDefault };
}
