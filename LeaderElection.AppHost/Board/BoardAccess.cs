using System.Security.Cryptography;

namespace LeaderElection.AppHost.Board;

/// <summary>How the AppHost reaches the board.</summary>
/// <param name="address">Gives the board's address, once it has one.</param>
/// <param name="isOperator">Whether the board is to let the AppHost start and stop replicas: in Development only.</param>
internal sealed class BoardAccess(Func<Uri?> address, bool isOperator)
{
    /// <summary>By which the board knows its operator; another one at each start.</summary>
    public string? OperatorKey { get; } = isOperator ? RandomNumberGenerator.GetHexString(64, lowercase: true) : null;

    public Uri? Address => address();

    /// <exception cref="ElectionStoreException">The board has no address yet.</exception>
    public BoardClient Open() => new(
        Address ?? throw new ElectionStoreException("the board has not started", isTransient: true), OperatorKey, TimeProvider.System);
}
