using System.Text.Json;
using System.Text.Unicode;

namespace EvenNet.Framework;

/// <summary>
/// The JSON header of a safetensors file, checked in full: every name once, every shape equal to its bytes, and the tensors
/// covering the file's data exactly, without overlap and without a hole.
/// </summary>
internal sealed class SafetensorsHeader
{
    // Of the header's nesting: object → tensor → shape.
    private const int Depth = 4;

    // Far above any tensor; keeps a hostile shape list from growing.
    private const int MostDimensions = 32;

    private readonly string file;
    private readonly List<SafetensorsTensor> tensors = [];
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string file) => this.file = file;

    public IReadOnlyList<SafetensorsTensor> Tensors => tensors;

    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Reads the header of a file whose tensors take <paramref name="dataBytes"/> bytes.</summary>
    public static SafetensorsHeader Parse(string file, ReadOnlySpan<byte> json, long dataBytes)
    {
        var header = new SafetensorsHeader(file);
        if (!Utf8.IsValid(json)) throw header.Wrong("the header is not UTF-8 text");
        if (json.IsEmpty || json[0] != '{') throw header.Wrong("the header does not start with «{»");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Depth });
        try
        {
            header.ReadObject(ref reader);
            if (reader.Read()) throw header.Wrong("the header holds more than one JSON value");
        }
        catch (JsonException error)
        {
            throw new WeightsFormatException(file, $"the header is not valid JSON: {error.Message}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new WeightsFormatException(file, "the header holds a string that is not Unicode text", error);
        }
        header.CheckCover(dataBytes);
        return header;
    }

    private void ReadObject(ref Utf8JsonReader reader)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!names.Add(name)) throw Wrong($"two entries are named {Short(name)}");
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Wrong($"entry {Short(name)} is not an object");
            if (name == Safetensors.MetadataKey) ReadMetadata(ref reader);
            else tensors.Add(ReadTensor(ref reader, name));
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String) throw Wrong($"{Safetensors.MetadataKey} entry {Short(key)} is not a string");
            if (!metadata.TryAdd(key, reader.GetString()!)) throw Wrong($"two {Safetensors.MetadataKey} entries are named {Short(key)}");
        }
    }

    private SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string? dataType = null;
        List<long>? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            bool isNew = key switch
            {
                "dtype" => dataType is null,
                "shape" => shape is null,
                "data_offsets" => offsets is null,
                _ => throw Wrong($"tensor {Short(name)} has an unknown entry {Short(key)}"),
            };
            if (!isNew) throw Wrong($"tensor {Short(name)} has {key} twice");
            if (key == "shape") shape = ReadNumbers(ref reader, name, key);
            else if (key == "data_offsets") offsets = ReadNumbers(ref reader, name, key);
            else dataType = reader.TokenType == JsonTokenType.String ? reader.GetString() : throw Wrong($"tensor {Short(name)}: dtype is not a string");
        }
        if (dataType is null) throw Wrong($"tensor {Short(name)} has no dtype");
        if (shape is null) throw Wrong($"tensor {Short(name)} has no shape");
        if (offsets is null) throw Wrong($"tensor {Short(name)} has no data_offsets");
        if (offsets.Count != 2) throw Wrong($"tensor {Short(name)}: data_offsets has {offsets.Count} numbers, not 2");
        return Check(name, dataType, shape, offsets[0], offsets[1]);
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string key)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Wrong($"tensor {Short(name)}: {key} is not a list");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw Wrong($"tensor {Short(name)}: {key} holds something other than whole numbers from 0 to {long.MaxValue}");
            if (numbers.Count == MostDimensions) throw Wrong($"tensor {Short(name)}: {key} has more than {MostDimensions} numbers");
            numbers.Add(number);
        }
        return numbers;
    }

    private SafetensorsTensor Check(string name, string dataType, List<long> shape, long begin, long end)
    {
        long bytes = SafetensorsTensor.ElementBytes(dataType);
        if (bytes == 0) throw Wrong($"tensor {Short(name)}: unknown dtype {Short(dataType)}");
        if (end < begin) throw Wrong($"tensor {Short(name)}: data_offsets end at {end}, before they begin at {begin}");
        try
        {
            foreach (long size in shape) bytes = checked(bytes * size);
        }
        catch (OverflowException error)
        {
            throw new WeightsFormatException(file, $"tensor {Short(name)}: [{string.Join(", ", shape)}] is more than can be counted", error);
        }
        if (bytes != end - begin)
            throw Wrong($"tensor {Short(name)}: {dataType} [{string.Join(", ", shape)}] takes {bytes} bytes, but data_offsets {begin} to {end} hold {end - begin}");
        return new SafetensorsTensor(name, dataType, shape.AsReadOnly(), begin, end);
    }

    private void CheckCover(long dataBytes)
    {
        long covered = 0;
        foreach (SafetensorsTensor tensor in tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.End > dataBytes)
                throw Wrong($"tensor {Short(tensor.Name)} ends at byte {tensor.End}, but the file has {dataBytes} bytes of data; it is cut off");
            if (tensor.Begin < covered) throw Wrong($"tensor {Short(tensor.Name)} begins at byte {tensor.Begin}, inside another that ends at {covered}");
            if (tensor.Begin > covered) throw Wrong($"bytes {covered} to {tensor.Begin} before tensor {Short(tensor.Name)} belong to no tensor");
            covered = tensor.End;
        }
        if (covered != dataBytes) throw Wrong($"the tensors end at byte {covered}, but the file has {dataBytes} bytes of data");
    }

    private WeightsFormatException Wrong(string reason) => new(file, reason);

    // A hostile name must not fill the terminal, nor steer it.
    internal static string Short(string name)
    {
        string start = name.Length > 80 ? name[..80] + "…" : name;
        return string.Concat(start.Select(c => char.IsControl(c) ? '?' : c));
    }
}
