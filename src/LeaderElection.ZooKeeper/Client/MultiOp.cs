namespace LeaderElection.ZooKeeper.Client;

/// <summary>A part of a <c>multi</c>.</summary>
internal sealed class MultiOp
{
    private readonly OpCode _op;
    private readonly int _version;
    private readonly ReadOnlyMemory<byte> _data;

    private MultiOp(OpCode op, string path, ReadOnlyMemory<byte> data, int version)
    {
        _op = op;
        Path = path;
        _data = data;
        _version = version;
    }

    public string Path { get; }

    /// <summary>The node must exist, at that version.</summary>
    public static MultiOp Check(string path, int version) => new(OpCode.Check, path, default, version);

    public static MultiOp SetData(string path, ReadOnlyMemory<byte> data) => new(OpCode.SetData, path, data, -1);

    public static MultiOp Delete(string path) => new(OpCode.Delete, path, default, -1);

    public static void WriteEnd(JuteWriter writer) => Header(writer, OpCode.Error, done: true);

    public static ErrorCode[] ReadResults(ref JuteReader reader)
    {
        var results = new List<ErrorCode>();
        while (true)
        {
            var op = (OpCode)reader.Int();
            var done = reader.Bool();
            _ = reader.Int();
            if (done)
                return [.. results];
            results.Add(op == OpCode.Error ? (ErrorCode)reader.Int() : ErrorCode.Ok);
            if (op == OpCode.SetData)
                Stat.Read(ref reader);
        }
    }

    public void Write(JuteWriter writer, string fullPath)
    {
        Header(writer, _op, done: false);
        writer.Text(fullPath);
        if (_op == OpCode.SetData)
            writer.Buffer(_data.Span);
        writer.Int(_version);
    }

    private static void Header(JuteWriter writer, OpCode op, bool done) => writer.Int((int)op).Bool(done).Int(-1);
}
