using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>Reads messages of etcd, field by field. Whoever sent them may have sent anything.</summary>
internal sealed class EtcdInput
{
    /// <summary>A transaction within one of its steps, down to a key, is half as deep.</summary>
    private const int DeepestNesting = 16;

    private readonly CodedInputStream _input;
    private long _end;
    private int _depth;

    private EtcdInput(ArraySegment<byte> bytes)
    {
        _input = new CodedInputStream(bytes.Array!, bytes.Offset, bytes.Count);
        _end = _input.Position + bytes.Count;
    }

    /// <exception cref="EtcdFailure">It is no such message.</exception>
    public static T Read<T>(ArraySegment<byte> bytes, Func<EtcdInput, T> read)
    {
        try
        {
            return read(new EtcdInput(bytes));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw EtcdFailure.Senseless(e);
        }
    }

    /// <summary>The number and type of the next field; 0 at the message's end.</summary>
    public int Next() => _input.Position < _end ? (int)_input.ReadTag() : _input.Position == _end ? 0 : throw EtcdFailure.Senseless();

    public long ReadInt64() => _input.ReadInt64();

    public bool ReadBool() => _input.ReadBool();

    public string ReadString() => _input.ReadString();

    public byte[] ReadBytes() => _input.ReadBytes().ToByteArray();

    public T ReadMessage<T>(Func<EtcdInput, T> read)
    {
        var (length, outer) = (_input.ReadLength(), _end);
        if (length < 0 || length > outer - _input.Position || ++_depth > DeepestNesting)
            throw EtcdFailure.Senseless();
        _end = _input.Position + length;
        var message = read(this);
        _end = outer;
        _depth--;
        return message;
    }

    /// <summary>Passes over a field that is of no interest.</summary>
    public void Skip() => _input.SkipLastField();
}
