namespace Aspire.Hosting.ApplicationModel;

/// <summary>A server that the application could use and that this machine cannot run: a row that says so, and what would help.</summary>
/// <param name="name">The name of the resource.</param>
public sealed class MissingServerResource(string name) : Resource(name);
