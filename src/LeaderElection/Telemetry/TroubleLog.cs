using Microsoft.Extensions.Logging;

namespace LeaderElection.Telemetry;

/// <summary>The trouble that a candidate has with the store: told once for each, not once for each attempt, and when it is over.</summary>
internal sealed class TroubleLog(ILogger logger, string candidate, string election, string strategy)
{
    private string? _last;

    public void Report(Exception trouble)
    {
        if (_last != trouble.Message)
            logger.StoreInTrouble(candidate, election, strategy, trouble.Message);
        _last = trouble.Message;
    }

    public void IsOver()
    {
        if (_last is not null)
            logger.StoreIsBack(candidate, election, strategy);
        _last = null;
    }
}
