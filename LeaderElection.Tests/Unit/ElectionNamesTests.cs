namespace LeaderElection.Tests.Unit;

public sealed class ElectionNamesTests
{
    [Theory]
    [InlineData("scheduler")]
    [InlineData("A.b_c-9")]
    [InlineData("...")]
    public void Validate_Allowed_ReturnsIt(string name) => Assert.Equal(name, ElectionNames.Validate(name, "election"));

    [Theory]
    [InlineData("", "empty")]
    [InlineData(null, "empty")]
    [InlineData(".", "not a name")]
    [InlineData("..", "not a name")]
    [InlineData("a/b", "position 2")]
    [InlineData("a b", "position 2")]
    [InlineData("ünï", "position 1")]
    [InlineData("x\n", "position 2")]
    [InlineData("a:b", "position 2")]
    public void Validate_NotAllowed_SaysWhatAndWhere(string? name, string expected)
    {
        var error = Assert.Throws<ArgumentException>(() => ElectionNames.Validate(name, "election"));
        Assert.Contains(expected, error.Message);
        Assert.Contains("A-Z a-z 0-9 . _ -", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Validate_LengthOf128_IsTheLimit()
    {
        ElectionNames.Validate(new string('a', 128), "election");
        Assert.Throws<ArgumentException>(() => ElectionNames.Validate(new string('a', 129), "election"));
    }
}
