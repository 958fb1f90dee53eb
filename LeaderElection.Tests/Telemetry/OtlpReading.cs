using System.Globalization;
using LeaderElection.Tests.ServiceDefaults;

namespace LeaderElection.Tests.Telemetry;

/// <summary>Reads what a receiver took in, by the field numbers of opentelemetry-proto.</summary>
internal static class OtlpReading
{
    public static List<OtlpSpan> Spans(this OtlpReceiver receiver) =>
        [.. from message in Messages(receiver, "/v1/traces")
            from span in message.Scope.Messages(2)
            let status = span.Messages(15).FirstOrDefault()
            select new OtlpSpan(
                message.Service, message.Instance, span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5),
                status?.Number(3) == 2, status?.Text(2) ?? "", Attributes(span, 9), [.. span.Messages(13).Select(link => link.Hex(2))], message.At - Time(span.Number(8)))];

    public static List<OtlpLog> Logs(this OtlpReceiver receiver) =>
        [.. from message in Messages(receiver, "/v1/logs")
            from log in message.Scope.Messages(2)
            select new OtlpLog(
                message.Service, message.Instance, log.Hex(9), Value(log.Messages(5).FirstOrDefault()), Attributes(log, 6), message.At - Time(log.Number(1)))];

    public static List<OtlpPoint> Points(this OtlpReceiver receiver) =>
        [.. from message in Messages(receiver, "/v1/metrics")
            from metric in message.Scope.Messages(2)
            // Gauges, sums and histograms; a histogram's points keep their attributes elsewhere.
            from points in metric.Messages(5).Concat(metric.Messages(7)).Select(data => (data, 7)).Concat(metric.Messages(9).Select(data => (data, 9)))
            from point in points.Item1.Messages(1)
            select new OtlpPoint(message.Service, message.Instance, metric.Text(1), metric.Text(3), Attributes(point, points.Item2))];

    private static IEnumerable<(ProtoMessage Scope, string Service, string Instance, DateTimeOffset At)> Messages(OtlpReceiver receiver, string path) =>
        from received in receiver.Received
        where received.Path == path
        from resource in new ProtoMessage(received.Body).Messages(1)
        let about = Attributes(resource.Messages(1).First(), 1)
        from scope in resource.Messages(2)
        select (scope, about.GetValueOrDefault("service.name", ""), about.GetValueOrDefault("service.instance.id", ""), received.At);

    private static Dictionary<string, string> Attributes(ProtoMessage owner, int number) =>
        owner.Messages(number).ToDictionary(pair => pair.Text(1), pair => Value(pair.Messages(2).FirstOrDefault()));

    private static string Value(ProtoMessage? value) => value switch
    {
        null => "",
        _ when value.Has(2) => value.Number(2) == 1 ? "true" : "false",
        _ when value.Has(3) => ((long)value.Number(3)).ToString(CultureInfo.InvariantCulture),
        _ when value.Has(4) => BitConverter.UInt64BitsToDouble(value.Number(4)).ToString(CultureInfo.InvariantCulture),
        _ => value.Text(1),
    };

    private static DateTimeOffset Time(ulong unixNanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(unixNanoseconds / 100));
}
