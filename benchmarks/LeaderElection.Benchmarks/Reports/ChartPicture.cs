using System.Globalization;
using System.Text;

namespace LeaderElection.Benchmarks.Reports;

/// <summary>Draws charts as one SVG picture, two in a row, with one legend.</summary>
internal static class ChartPicture
{
    private const int Width = 460, Height = 270, Left = 62, Right = 18, Top = 40, Bottom = 46, Head = 78;
    private const double PlotWidth = Width - Left - Right, PlotHeight = Height - Top - Bottom;

    // Told apart by those who see colours otherwise, too.
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#555555"];

    public static string Draw(string title, IReadOnlyList<Chart> charts)
    {
        var names = charts.SelectMany(c => c.Curves).Select(c => c.Name).Distinct().ToArray();
        var svg = new StringBuilder();
        var height = Head + (Height * ((charts.Count + 1) / 2));
        Append(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {(2 * Width) + Right} {height}" font-family="sans-serif" font-size="12" fill="#222">""");
        Append(svg, $"""<rect width="100%" height="100%" fill="white"/><text x="{Left}" y="30" font-size="18" font-weight="bold">{Text(title)}</text>""");
        for (var i = 0; i < names.Length; i++)
        {
            var x = Left + (130 * i);
            Append(svg, $"""<line x1="{x}" y1="52" x2="{x + 26}" y2="52" stroke="{Colour(i)}" stroke-width="2.5"/>{Mark(x + 13, 52, i)}<text x="{x + 34}" y="56">{Text(names[i])}</text>""");
        }
        for (var i = 0; i < charts.Count; i++)
        {
            Append(svg, $"""<g transform="translate({Width * (i % 2)} {Head + (Height * (i / 2))})">""");
            Draw(svg, charts[i], names);
            Append(svg, $"</g>");
        }
        Append(svg, $"</svg>");
        return svg.ToString();
    }

    private static void Draw(StringBuilder svg, Chart chart, string[] names)
    {
        Append(svg, $"""<text x="{Left}" y="18" font-weight="bold">{Text(chart.Title)}</text><text x="{Left}" y="33" fill="#666">{Text(chart.Unit)}</text>""");
        Append(svg, $"""<text x="{Left + (PlotWidth / 2):0.#}" y="{Height - 8}" text-anchor="middle" fill="#666">{Text(chart.XTitle)}</text>""");
        var points = chart.Curves.SelectMany(c => c.Points).ToArray();
        if (points.Length == 0)
        {
            Append(svg, $"""<text x="{Left}" y="{Height / 2}" fill="#666">not measured</text>""");
            return;
        }
        // What is not above zero stands at the foot of a logarithmic axis.
        var positive = points.Where(p => p.Y > 0).Select(p => p.Y).DefaultIfEmpty(1).ToArray();
        var across = Axis.Logarithmic(points.Min(p => p.X), points.Max(p => p.X));
        var up = chart.IsLogarithmic ? Axis.Logarithmic(positive.Min(), positive.Max()) : Axis.Linear(positive.Max());
        double X(double value) => Left + (PlotWidth * across.Share(value));
        double Y(double value) => Top + (PlotHeight * (1 - up.Share(value)));

        foreach (var tick in up.Ticks)
            Append(svg, $"""<line x1="{Left}" y1="{Y(tick):0.#}" x2="{Width - Right}" y2="{Y(tick):0.#}" stroke="#ddd"/><text x="{Left - 6}" y="{Y(tick) + 4:0.#}" text-anchor="end">{Number(tick)}</text>""");
        foreach (var x in points.Select(p => p.X).Distinct())
            Append(svg, $"""<line x1="{X(x):0.#}" y1="{Top + PlotHeight}" x2="{X(x):0.#}" y2="{Top + PlotHeight + 4}" stroke="#222"/><text x="{X(x):0.#}" y="{Top + PlotHeight + 18}" text-anchor="middle">{Number(x)}</text>""");
        Append(svg, $"""<path d="M{Left} {Top}V{Top + PlotHeight}H{Width - Right}" fill="none" stroke="#222"/>""");
        foreach (var curve in chart.Curves)
        {
            var index = Array.IndexOf(names, curve.Name);
            var line = string.Join(' ', curve.Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):0.#},{Y(p.Y):0.#}")));
            Append(svg, $"""<polyline points="{line}" fill="none" stroke="{Colour(index)}" stroke-width="2"/>""");
            foreach (var (x, y) in curve.Points)
                svg.AppendLine(Mark(X(x), Y(y), index));
        }
    }

    /// <summary>A shape of its own for each curve.</summary>
    private static string Mark(double x, double y, int index) => FormattableString.Invariant((index % 3) switch
    {
        0 => (FormattableString)$"""<circle cx="{x:0.#}" cy="{y:0.#}" r="3.5" fill="{Colour(index)}"/>""",
        1 => $"""<rect x="{x - 3.5:0.#}" y="{y - 3.5:0.#}" width="7" height="7" fill="{Colour(index)}"/>""",
        _ => $"""<path d="M{x:0.#} {y - 4.5:0.#}l4.5 8h-9z" fill="{Colour(index)}"/>""",
    });

    private static string Colour(int index) => Colours[index % Colours.Length];

    private static string Number(double value) => value.ToString(value >= 1000 ? "#,0" : "0.###", CultureInfo.InvariantCulture);

    private static string Text(string text) => System.Security.SecurityElement.Escape(text);

    private static void Append(StringBuilder svg, FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
