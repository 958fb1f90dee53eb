namespace Aspire.Hosting.ApplicationModel;

public sealed record ResourceCommandSnapshot(
    string Name,
    ResourceCommandState State,
    string DisplayName,
    string? DisplayDescription,
    object? Parameter,
    string? ConfirmationMessage,
    string? IconName,
    IconVariant? IconVariant,
    bool IsHighlighted)
{
    /// Obsolete in Aspire, hence not public here.
    internal object? Parameter { get; init; } = Parameter;
}
