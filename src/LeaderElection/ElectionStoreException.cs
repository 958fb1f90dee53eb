namespace LeaderElection;

/// <summary>The store failed or refused. The message is one line that says what, where, and what to do about it.</summary>
public sealed class ElectionStoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line, free of secrets.</param>
    /// <param name="isTransient">Whether the same call may succeed later without anybody's doing.</param>
    /// <param name="innerException">What the client library said.</param>
    public ElectionStoreException(string message, bool isTransient, Exception? innerException = null)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>Whether the same call may succeed later without anybody's doing.</summary>
    public bool IsTransient { get; }
}
