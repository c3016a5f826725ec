using System.Buffers.Binary;
using System.Globalization;

namespace EvenNet.Framework;

/// <summary>
/// A file that TensorBoard shows. Records: the length as 8 bytes, its masked CRC-32C, the data, their masked CRC-32C, all little-endian (TensorFlow,
/// «TFRecords format details»); the data are messages <c>Event</c> of tensorflow/core/util/event.proto. Each is with the operating system when the call
/// returns.
/// </summary>
public sealed class EventFile : IDisposable
{
    // Field numbers of Event, Summary, Summary.Value, HistogramProto and SessionLog.
    private const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5, SessionLog = 7;
    private const int Value = 1, ValueTag = 1, SimpleValue = 2, HistogramValue = 5;
    private const int Least = 1, Largest = 2, Number = 3, Sum = 4, SumOfSquares = 5, BucketLimits = 6, Buckets = 7;
    private const int Status = 1, StatusStart = 1;

    private readonly AppendedFile file;

    private EventFile(AppendedFile file) => this.file = file;

    /// <summary>The file: <c>events.out.tfevents.1700000000.host</c>.</summary>
    public string Path => file.Path;

    /// <summary>Begins a file in a run's folder, beside those that are there.</summary>
    /// <param name="folder">Must exist.</param>
    /// <param name="time">Now: part of the file's name, by which TensorBoard orders the files of a run.</param>
    /// <param name="host">The rest of the name.</param>
    /// <param name="resumedAt">The iteration at which a run goes on: what earlier files hold of later steps, TensorBoard leaves out.</param>
    public static EventFile Create(string folder, DateTimeOffset time, string host = "evennet", int? resumedAt = null)
    {
        string name = System.IO.Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{time.ToUnixTimeSeconds():D10}.{host}"));
        string path = name;
        for (int i = 1; File.Exists(path); i++) path = string.Create(CultureInfo.InvariantCulture, $"{name}.{i}");
        var events = new EventFile(new AppendedFile(path, FileMode.CreateNew));
        events.Write(Event(0, time).Text(FileVersion, "brain.Event:2"));
        // TensorBoard drops what it has at this step or beyond.
        if (resumedAt is { } iteration) events.Write(Event(iteration + 1L, time).Message(SessionLog, new ProtobufMessage().Integer(Status, StatusStart)));
        return events;
    }

    /// <summary>Adds values of one step, each to the curve of its name; a slash in it makes a group.</summary>
    public void Scalars(int step, DateTimeOffset time, params IEnumerable<KeyValuePair<string, double>> values)
    {
        var summary = new ProtobufMessage();
        foreach ((string tag, double value) in values) summary.Message(Value, new ProtobufMessage().Text(ValueTag, tag).Float(SimpleValue, (float)value));
        if (!summary.Bytes.IsEmpty) Write(Event(step, time).Message(Summary, summary));
    }

    /// <summary>Adds the distribution of values, as counts of equally wide ranges between the least and the largest. Those that are not finite are left out.</summary>
    public void Histogram(int step, DateTimeOffset time, string tag, ReadOnlySpan<float> values, int ranges = 30)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ranges);
        double least = double.PositiveInfinity, largest = double.NegativeInfinity, sum = 0, squares = 0;
        long count = 0;
        foreach (float value in values)
        {
            if (!float.IsFinite(value)) continue;
            (least, largest, sum, squares) = (Math.Min(least, value), Math.Max(largest, value), sum + value, squares + (double)value * value);
            count++;
        }
        if (count == 0) return;
        double width = (largest - least) / ranges;
        double[] limits = width > 0 ? [.. Enumerable.Range(1, ranges).Select(i => i == ranges ? largest : least + i * width)] : [largest];
        double[] counts = new double[limits.Length];
        foreach (float value in values)
            if (float.IsFinite(value)) counts[width > 0 ? Math.Min((int)((value - least) / width), ranges - 1) : 0]++;
        ProtobufMessage histogram = new ProtobufMessage().Double(Least, least).Double(Largest, largest).Double(Number, count).Double(Sum, sum)
            .Double(SumOfSquares, squares).Doubles(BucketLimits, limits).Doubles(Buckets, counts);
        Write(Event(step, time).Message(Summary, new ProtobufMessage().Message(Value, new ProtobufMessage().Text(ValueTag, tag).Message(HistogramValue, histogram))));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => file.Dispose();

    private static ProtobufMessage Event(long step, DateTimeOffset time)
    {
        ProtobufMessage message = new ProtobufMessage().Double(WallTime, (time - DateTimeOffset.UnixEpoch).TotalSeconds);
        return step == 0 ? message : message.Integer(Step, step);
    }

    private void Write(ProtobufMessage message)
    {
        ReadOnlySpan<byte> data = message.Bytes;
        byte[] record = new byte[data.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Crc32C.Masked(record.AsSpan(0, 8)));
        data.CopyTo(record.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), Crc32C.Masked(data));
        file.Append(record);
    }
}
