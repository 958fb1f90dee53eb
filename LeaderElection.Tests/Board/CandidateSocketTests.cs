using System.Net;
using System.Net.WebSockets;

namespace LeaderElection.Tests.Board;

public sealed class CandidateSocketTests
{
    [Theory]
    [InlineData("leader", WebSocketCloseStatus.InvalidPayloadData, "not a report")]
    [InlineData("null", WebSocketCloseStatus.InvalidPayloadData, "not a report")]
    [InlineData("""{"election":"jobs","strategy":"file","role":"follower"}""", WebSocketCloseStatus.InvalidPayloadData, "'candidate'")]
    [InlineData("""{"election":"a b","strategy":"file","candidate":"x","role":"follower"}""", WebSocketCloseStatus.PolicyViolation, "election: 1 to 128")]
    [InlineData("""{"election":"jobs","strategy":"file","candidate":"","role":"follower"}""", WebSocketCloseStatus.PolicyViolation, "candidate: 1 to 128")]
    [InlineData("""{"election":"jobs","strategy":"file","candidate":"x","role":"king"}""", WebSocketCloseStatus.PolicyViolation, "leader, follower or stopped")]
    [InlineData("""{"election":"jobs","strategy":"file","candidate":"x","role":"leader"}""", WebSocketCloseStatus.PolicyViolation, "fencingToken")]
    [InlineData("""{"election":"jobs","strategy":"file","candidate":"x","role":"leader","fencingToken":1,"leaseRemaining":1e300}""", WebSocketCloseStatus.PolicyViolation, "leaseRemaining")]
    [InlineData("""{"election":"jobs","strategy":"file","candidate":"x","role":"follower","url":"javascript:alert(1)"}""", WebSocketCloseStatus.PolicyViolation, "url")]
    public async Task Report_Bad_ClosesWithTheReason(string message, WebSocketCloseStatus status, string reason)
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);

        await reporter.SendAsync(message);

        var closed = await reporter.ClosedAsync();
        Assert.Equal(status, closed.Status);
        Assert.Contains(reason, closed.Reason, StringComparison.Ordinal);
        Assert.Equal("[]", (await board.ElectionsAsync()).GetRawText());
    }

    [Fact]
    public async Task Report_TooLongOrBinary_ClosesWithTheReason()
    {
        await using var board = await BoardHost.StartAsync();
        using var tooLong = await Reporter.ConnectAsync(board);
        using var binary = await Reporter.ConnectAsync(board);

        await tooLong.SendAsync(new string(' ', 100_000));
        await binary.SendBinaryAsync();

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, (await tooLong.ClosedAsync()).Status);
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, (await binary.ClosedAsync()).Status);
    }

    [Fact]
    public async Task Connect_FromAWebPage_IsForbidden()
    {
        await using var board = await BoardHost.StartAsync();

        var exception = await Assert.ThrowsAsync<WebSocketException>(() => Reporter.ConnectAsync(board, origin: "http://elsewhere.example"));

        Assert.Contains("403", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_WithoutWebSocket_IsABadRequest()
    {
        await using var board = await BoardHost.StartAsync();

        using var response = await board.Client.GetAsync("/api/candidates");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }
}
