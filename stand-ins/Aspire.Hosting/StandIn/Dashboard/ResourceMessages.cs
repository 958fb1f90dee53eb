using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Protocol = Aspire.Hosting.StandIn.Dashboard.Protocol;

namespace Aspire.Hosting.StandIn.Dashboard;

/// Snapshots in the words of the dashboard.
internal static class ResourceMessages
{
    // The page shows nothing at all where a resource does not say when it was made.
    private static readonly DateTime Beginning = TimeProvider.System.GetUtcNow().UtcDateTime;

    public static Protocol.Resource From(ResourceEvent resource)
    {
        var snapshot = resource.Snapshot;
        var message = new Protocol.Resource
        {
            Name = resource.ResourceId,
            Uid = resource.ResourceId,
            DisplayName = resource.Resource.Name,
            ResourceType = snapshot.ResourceType,
            State = snapshot.State?.Text ?? string.Empty,
            StateStyle = snapshot.State?.Style ?? string.Empty,
            CreatedAt = Time(snapshot.CreationTimeStamp ?? Beginning),
            StartedAt = Time(snapshot.StartTimeStamp),
            StoppedAt = Time(snapshot.StopTimeStamp),
            IsHidden = snapshot.IsHidden,
        };

        if (snapshot.IconName is not null)
        {
            message.IconName = snapshot.IconName;
            message.IconVariant = Variant(snapshot.IconVariant);
        }

        message.Properties.AddRange(CommonProperties(resource).Select(property => Property(new(property.Name, property.Value))));
        message.Properties.AddRange(snapshot.Properties.Select(Property));
        message.Environment.AddRange(snapshot.EnvironmentVariables.Select(variable =>
            new Protocol.EnvironmentVariable { Name = variable.Name, Value = variable.Value ?? string.Empty, IsFromSpec = variable.IsFromSpec }));
        message.Urls.AddRange(snapshot.Urls.Select(Url));
        message.Relationships.AddRange(snapshot.Relationships.Select(relation => new Protocol.Relationship { ResourceName = relation.ResourceName, Type = relation.Type }));
        message.HealthReports.AddRange(snapshot.HealthReports.Select(Health));
        message.Commands.AddRange(snapshot.Commands.Select(Command));
        return message;
    }

    /// What the page shows of every resource, whatever its kind.
    private static IEnumerable<(string Name, object? Value)> CommonProperties(ResourceEvent resource)
    {
        var snapshot = resource.Snapshot;
        yield return ("resource.uid", resource.ResourceId);
        yield return ("resource.name", resource.ResourceId);
        yield return ("resource.type", snapshot.ResourceType);
        yield return ("resource.displayName", resource.Resource.Name);
        yield return ("resource.state", snapshot.State?.Text);
        yield return ("resource.exitCode", snapshot.ExitCode?.ToString(CultureInfo.InvariantCulture));
        yield return ("resource.createTime", (snapshot.CreationTimeStamp ?? Beginning).ToString("O"));
        yield return ("resource.startTime", snapshot.StartTimeStamp?.ToString("O"));
        yield return ("resource.stopTime", snapshot.StopTimeStamp?.ToString("O"));
        yield return ("resource.healthState", snapshot.HealthStatus?.ToString());
    }

    private static Protocol.Property Property(ResourcePropertySnapshot property)
    {
        var message = new Protocol.Property { Name = property.Name, Value = ToValue(property.Value), IsSensitive = property.IsSensitive, IsHighlighted = property.IsHighlighted };
        if (!string.IsNullOrEmpty(property.DisplayName))
            message.DisplayName = property.DisplayName;

        if (property.SortOrder is { } order)
            message.SortOrder = order;

        return message;
    }

    private static Protocol.Url Url(UrlSnapshot url) => new()
    {
        EndpointName = url.Name ?? string.Empty,
        FullUrl = url.Url,
        IsInternal = url.IsInternal,
        IsInactive = url.IsInactive,
        DisplayProperties = new() { DisplayName = url.DisplayProperties.DisplayName, SortOrder = url.DisplayProperties.SortOrder },
    };

    private static Protocol.HealthReport Health(HealthReportSnapshot report)
    {
        var message = new Protocol.HealthReport
        {
            Key = report.Name,
            Description = report.Description ?? string.Empty,
            Exception = report.ExceptionText ?? string.Empty,
            LastRunAt = Time(report.LastRunAt),
        };

        if (report.Status is { } status)
        {
            message.Status = status switch
            {
                HealthStatus.Healthy => Protocol.HealthState.Healthy,
                HealthStatus.Degraded => Protocol.HealthState.Degraded,
                _ => Protocol.HealthState.Unhealthy,
            };
        }

        return message;
    }

    private static Protocol.Command Command(ResourceCommandSnapshot command) => new()
    {
        Name = command.Name,
        DisplayName = command.DisplayName,
        DisplayDescription = command.DisplayDescription ?? string.Empty,
        ConfirmationMessage = command.ConfirmationMessage ?? string.Empty,
        IconName = command.IconName ?? string.Empty,
        IconVariant = Variant(command.IconVariant),
        IsHighlighted = command.IsHighlighted,
        State = command.State switch
        {
            ResourceCommandState.Enabled => Protocol.CommandState.Enabled,
            ResourceCommandState.Disabled => Protocol.CommandState.Disabled,
            _ => Protocol.CommandState.Hidden,
        },
    };

    private static Protocol.IconVariant Variant(IconVariant? variant) =>
        variant == IconVariant.Filled ? Protocol.IconVariant.Filled : Protocol.IconVariant.Regular;

    private static Timestamp? Time(DateTime? time) => time is { } value ? Timestamp.FromDateTime(value.ToUniversalTime()) : null;

    private static Value ToValue(object? value) => value switch
    {
        null => Value.ForNull(),
        string text => Value.ForString(text),
        int number => Value.ForNumber(number),
        IEnumerable<string> list => Value.ForList([.. list.Select(Value.ForString)]),
        IEnumerable<int> list => Value.ForList([.. list.Select(number => Value.ForNumber(number))]),
        _ => Value.ForString(value.ToString()),
    };
}
