namespace Aspire.Hosting.ApplicationModel;

public sealed class ResourceIconAnnotation(string iconName, IconVariant iconVariant = IconVariant.Regular) : IResourceAnnotation
{
    public string IconName { get; } = iconName;

    public IconVariant IconVariant { get; } = iconVariant;
}
