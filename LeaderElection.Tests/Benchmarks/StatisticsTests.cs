extern alias benchmarks;

using System.Xml.Linq;
using benchmarks::LeaderElection.Benchmarks.Reports;

namespace LeaderElection.Tests.Benchmarks;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(new double[] { 7 }, 7)]
    [InlineData(new double[] { 9, 1, 5 }, 5)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5)]
    public void Median_IsTheMiddle(double[] values, double expected) => Assert.Equal(expected, Statistics.Median(values));

    [Fact]
    public void Percentile_IsAValueThatWasMeasured_AtTheNearestRank()
    {
        var values = Enumerable.Range(1, 21).Select(i => (double)i).Reverse().ToArray();
        Assert.Equal(20, Statistics.Percentile(values, 0.95));
        Assert.Equal(21, Statistics.Percentile(values, 1));
        Assert.Equal(1, Statistics.Percentile(values, 0));
        Assert.Equal(3, Statistics.Percentile([3], 0.95));
    }

    [Fact]
    public void Linear_HasRoundTicks_UpToTheGreatestValueOrMore()
    {
        var axis = Axis.Linear(7.3);
        Assert.Equal([0, 2, 4, 6, 8], axis.Ticks);
        Assert.Equal(0.5, axis.Share(4));
    }

    [Fact]
    public void Logarithmic_SpansWholePowers_AndKeepsZeroAtItsFoot()
    {
        var axis = Axis.Logarithmic(3, 1000);
        Assert.Equal([1, 10, 100, 1000], axis.Ticks);
        Assert.Equal(1, axis.Share(1000));
        Assert.Equal(0, axis.Share(0));
    }

    [Fact]
    public void Draw_IsAPicture_WithEachCurveInItsLegend()
    {
        var chart = new Chart("a & b", "elections", "ms", true, [new Curve("etcd 3", [(1, 2), (10, 0)]), new Curve("file", [(1, 1), (10, 3)])]);
        var picture = XDocument.Parse(ChartPicture.Draw("growth", [chart, new Chart("none", "x", "", false, [])]));
        var texts = picture.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToArray();
        Assert.All(new[] { "growth", "a & b", "etcd 3", "file", "ms", "elections", "not measured" }, text => Assert.Contains(text, texts));
        Assert.Equal(2, picture.Descendants().Count(e => e.Name.LocalName == "polyline"));
    }
}
