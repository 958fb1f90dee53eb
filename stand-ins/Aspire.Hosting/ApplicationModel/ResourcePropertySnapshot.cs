namespace Aspire.Hosting.ApplicationModel;

public sealed record ResourcePropertySnapshot(string Name, object? Value)
{
    public bool IsSensitive { get; init; }

    public string? DisplayName { get; init; }

    public bool IsHighlighted { get; init; }

    public int? SortOrder { get; init; }
}
