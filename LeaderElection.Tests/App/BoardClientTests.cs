using LeaderElection.AppHost.Board;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.App;

public sealed class BoardClientTests
{
    [Fact]
    public async Task Get_NoBoard_IsOneLineThatNamesIt()
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        using var client = new BoardAccess(() => address, isOperator: false).Open();

        var trouble = await Assert.ThrowsAsync<ElectionStoreException>(() => client.GetAsync("/api/elections", CancellationToken.None));

        Assert.StartsWith($"the board at {address} is out of reach: ", trouble.Message, StringComparison.Ordinal);
        Assert.Single(trouble.Message.Split('\n'));
    }

    [Fact]
    public void ParseList_NoListOfElections_IsTrouble() =>
        Assert.Throws<ElectionStoreException>(() => BoardElectionView.ParseList("""{"oops":1}"""));
}
