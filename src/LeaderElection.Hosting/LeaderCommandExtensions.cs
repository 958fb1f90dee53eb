using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds commands that act on an election's leader.</summary>
public static class LeaderCommandExtensions
{
    /// <summary>
    /// Adds a command that posts to the replica that leads, at its own address, and answers with who leads then, in words
    /// and as JSON. It is disabled while nobody leads.
    /// </summary>
    /// <param name="builder">The election.</param>
    /// <param name="name">The command's name.</param>
    /// <param name="displayName">What its button says.</param>
    /// <param name="path">
    /// The path, and query, to post to. An argument of <see cref="CommandOptions.Arguments"/> is put in where its name
    /// stands in braces, as in <c>/faults/freeze?for={for}</c>.
    /// </param>
    /// <param name="done">What the leader did then, for the answer: it follows the leader's id, as in "stepped down". It may have arguments in braces, too.</param>
    /// <param name="options">Arguments, icon, confirmation and the like; <c>UpdateState</c> is set here.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<ElectionResource> WithLeaderCommand(
        this IResourceBuilder<ElectionResource> builder, string name, string displayName, string path, string done, CommandOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(done);

        options ??= new CommandOptions();
        options.UpdateState = LeaderCommand.UpdateState;
        return builder.WithCommand(name, displayName, new LeaderCommand(builder.Resource, path, done).ExecuteAsync, options);
    }
}
