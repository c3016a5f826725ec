using System.Text;

namespace EvenNet.Tests;

/// <summary>Reads event files by the published formats alone: a bit at a time for the check, any field in any order for the messages.</summary>
internal static class TensorBoardDecoder
{
    internal sealed record Histogram(double Least, double Largest, double Count, double Sum, double SumOfSquares, double[] Limits, double[] Counts);

    internal sealed record Event
    {
        public double WallTime { get; set; }

        public long Step { get; set; }

        public string? FileVersion { get; set; }

        public long? SessionStatus { get; set; }

        public List<(string Tag, float Value)> Scalars { get; } = [];

        public List<(string Tag, Histogram Histogram)> Histograms { get; } = [];
    }

    public static List<Event> Read(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        var events = new List<Event>();
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            byte[] length = reader.ReadBytes(8);
            Assert.That(reader.ReadUInt32(), Is.EqualTo(Masked(length)), "the length's check");
            byte[] data = reader.ReadBytes((int)BitConverter.ToUInt64(length));
            Assert.That(reader.ReadUInt32(), Is.EqualTo(Masked(data)), "the data's check");
            events.Add(Decode(data));
        }
        return events;
    }

    public static uint Crc(byte[] bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        }
        return crc ^ 0xFFFFFFFF;
    }

    private static uint Masked(byte[] bytes)
    {
        uint crc = Crc(bytes);
        return unchecked((crc >> 15 | crc << 17) + 0xA282EAD8);
    }

    private static Event Decode(byte[] data)
    {
        var decoded = new Event();
        foreach ((int field, ulong number, byte[] content) in Fields(data))
        {
            if (field == 1) decoded.WallTime = BitConverter.UInt64BitsToDouble(number);
            else if (field == 2) decoded.Step = (long)number;
            else if (field == 3) decoded.FileVersion = Encoding.UTF8.GetString(content);
            else if (field == 7) decoded.SessionStatus = (long)Fields(content).Single(f => f.Field == 1).Number;
            else if (field == 5)
                foreach ((int inSummary, _, byte[] value) in Fields(content))
                {
                    Assert.That(inSummary, Is.EqualTo(1), "a summary has values only");
                    Add(decoded, value);
                }
            else Assert.Fail($"no event has a field {field}");
        }
        return decoded;
    }

    private static void Add(Event to, byte[] value)
    {
        List<(int Field, ulong Number, byte[] Content)> fields = [.. Fields(value)];
        string tag = Encoding.UTF8.GetString(fields.Single(f => f.Field == 1).Content);
        foreach ((int field, ulong number, byte[] content) in fields)
            if (field == 2) to.Scalars.Add((tag, BitConverter.UInt32BitsToSingle((uint)number)));
            else if (field == 5)
            {
                List<(int Field, ulong Number, byte[] Content)> h = [.. Fields(content)];
                double[] simple = [.. Enumerable.Range(1, 5).Select(f => BitConverter.UInt64BitsToDouble(h.Single(x => x.Field == f).Number))];
                to.Histograms.Add((tag, new Histogram(simple[0], simple[1], simple[2], simple[3], simple[4], Doubles(h, 6), Doubles(h, 7))));
            }
            else Assert.That(field, Is.EqualTo(1), "no value has such a field");
    }

    private static double[] Doubles(List<(int Field, ulong Number, byte[] Content)> fields, int field)
    {
        byte[] content = fields.Single(f => f.Field == field).Content;
        return [.. Enumerable.Range(0, content.Length / 8).Select(i => BitConverter.ToDouble(content, 8 * i))];
    }

    private static IEnumerable<(int Field, ulong Number, byte[] Content)> Fields(byte[] data)
    {
        for (int at = 0; at < data.Length;)
        {
            ulong key = Varint(data, ref at), number = 0;
            byte[] content = [];
            switch (key & 7)
            {
                case 0: number = Varint(data, ref at); break;
                case 1: number = BitConverter.ToUInt64(data, at); at += 8; break;
                case 5: number = BitConverter.ToUInt32(data, at); at += 4; break;
                case 2:
                    int length = (int)Varint(data, ref at);
                    content = data[at..(at + length)];
                    at += length;
                    break;
                default: Assert.Fail($"wire type {key & 7}"); break;
            }
            yield return ((int)(key >> 3), number, content);
        }
    }

    private static ulong Varint(byte[] data, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = data[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }
}
