using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn;

/// Start, stop and restart of a process, with the names, texts and states that Aspire gives them.
internal static class LifecycleCommands
{
    public static void Add(IResource resource, Func<string, string, CancellationToken, Task<ExecuteCommandResult>> execute)
    {
        Add(KnownResourceCommands.StartCommand, "Start", "Start resource", "Play", IconVariant.Filled, isHighlighted: true, state =>
            IsUnknownYet(state) ? ResourceCommandState.Disabled
            : IsStopped(state) || state == KnownResourceStates.Waiting ? ResourceCommandState.Enabled
            : ResourceCommandState.Hidden);

        Add(KnownResourceCommands.StopCommand, "Stop", "Stop resource", "Stop", IconVariant.Filled, isHighlighted: true, state =>
            state == KnownResourceStates.Stopping ? ResourceCommandState.Disabled
            : IsUnknownYet(state) || IsStopped(state) || state == KnownResourceStates.Waiting ? ResourceCommandState.Hidden
            : ResourceCommandState.Enabled);

        var restart = resource is ProjectResource ? "Restart resource. Source code is not recompiled." : "Restart resource";
        Add(KnownResourceCommands.RestartCommand, "Restart", restart, "ArrowCounterclockwise", IconVariant.Regular, isHighlighted: false, state =>
            state == KnownResourceStates.Stopping || IsUnknownYet(state) || IsStopped(state) || state == KnownResourceStates.Waiting
                ? ResourceCommandState.Disabled
                : ResourceCommandState.Enabled);

        void Add(string name, string displayName, string description, string icon, IconVariant variant, bool isHighlighted, Func<string?, ResourceCommandState> state) =>
            resource.Annotations.Add(new ResourceCommandAnnotation(
                name, displayName, context => state(context.ResourceSnapshot.State?.Text), context => execute(context.ResourceName, name, context.CancellationToken),
                description, parameter: null, confirmationMessage: null, icon, variant, isHighlighted));
    }

    private static bool IsUnknownYet(string? state) =>
        string.IsNullOrEmpty(state) || state == KnownResourceStates.Starting || state == KnownResourceStates.RuntimeUnhealthy;

    private static bool IsStopped(string? state) => state == KnownResourceStates.NotStarted || KnownResourceStates.TerminalStates.Contains(state);
}
