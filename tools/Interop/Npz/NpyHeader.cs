using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace EvenNet.Interop;

/// <summary>The header of an array of numpy's, versions 1 to 3: type, order and sizes, from a dictionary as Python writes it.</summary>
internal sealed record NpyHeader(string Type, bool IsFortran, IReadOnlyList<long> Shape)
{
    /// <summary>Magic number, version and the length of version 1.</summary>
    public const int PrefixBytes = 10;

    // Far above any array's; numpy refuses to parse longer ones as well.
    private const int LongestBytes = 1 << 16, MostDimensions = 32;

    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public long Count { get; private init; } = 1;

    /// <summary>Bytes before the first number.</summary>
    public long Bytes { get; private init; }

    /// <summary>Reads a header and leaves the stream at the first number.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static NpyHeader Read(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[12];
        stream.ReadExactly(prefix[..8]);
        if (!prefix.StartsWith(Magic)) throw new FormatException("is no array of numpy's: its first bytes are others");
        int version = prefix[6], width = version == 1 ? 2 : 4;
        if (version is < 1 or > 3) throw new FormatException($"has version {version}.{prefix[7]} of numpy's format; 1 to 3 are read");
        stream.ReadExactly(prefix.Slice(8, width));
        uint length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]);
        if (length > LongestBytes) throw new FormatException($"has a header of {length} bytes; {LongestBytes} at most are read");
        byte[] text = new byte[length];
        stream.ReadExactly(text);
        return Parse(version == 3 ? Encoding.UTF8.GetString(text) : Encoding.Latin1.GetString(text)) with { Bytes = 8 + width + length };
    }

    private static NpyHeader Parse(string text)
    {
        var scanner = new Scanner(text);
        string? type = null;
        bool? isFortran = null;
        List<long>? shape = null;
        scanner.Take('{');
        while (!scanner.Accepts('}'))
        {
            string key = scanner.Text();
            scanner.Take(':');
            switch (key)
            {
                case "descr" when type is null: type = scanner.Text(); break;
                case "fortran_order" when isFortran is null: isFortran = scanner.Truth(); break;
                case "shape" when shape is null: shape = scanner.Numbers(MostDimensions); break;
                default: throw new FormatException("has a header with an entry that is unknown or there twice");
            }
            if (scanner.Accepts(',')) continue;
            scanner.Take('}');
            break;
        }
        scanner.End();
        if (type is null || isFortran is null || shape is null) throw new FormatException("has a header without descr, fortran_order or shape");
        long count = 1;
        try
        {
            foreach (long size in shape) count = checked(count * size);
        }
        catch (OverflowException)
        {
            throw new FormatException($"has the sizes ({string.Join(", ", shape)}), more than can be counted");
        }
        return new NpyHeader(type, isFortran.Value, shape) { Count = count };
    }

    /// <summary>Reads the few kinds of Python's literals that such a header has.</summary>
    private sealed class Scanner(string text)
    {
        private int position;

        public bool Accepts(char c)
        {
            SkipSpaces();
            if (position == text.Length || text[position] != c) return false;
            position++;
            return true;
        }

        public void Take(char c)
        {
            if (!Accepts(c)) throw Broken($"«{c}» is expected");
        }

        public string Text()
        {
            char quote = Accepts('\'') ? '\'' : '"';
            if (quote == '"') Take('"');
            int end = text.IndexOf(quote, position);
            if (end < 0 || end - position > 64) throw Broken("a text does not end");
            string result = text[position..end];
            position = end + 1;
            return result;
        }

        public bool Truth()
        {
            SkipSpaces();
            foreach ((string word, bool value) in (ReadOnlySpan<(string, bool)>)[("True", true), ("False", false)])
            {
                if (string.CompareOrdinal(text, position, word, 0, word.Length) != 0) continue;
                position += word.Length;
                return value;
            }
            throw Broken("True or False is expected");
        }

        public List<long> Numbers(int most)
        {
            var numbers = new List<long>();
            Take('(');
            while (!Accepts(')'))
            {
                int start = position;
                while (position < text.Length && char.IsAsciiDigit(text[position])) position++;
                if (!long.TryParse(text.AsSpan(start, position - start), NumberStyles.None, CultureInfo.InvariantCulture, out long number)) throw Broken("a size is expected");
                if (numbers.Count == most) throw Broken($"more than {most} sizes");
                numbers.Add(number);
                // Python 2 wrote whole numbers as 3L.
                _ = Accepts('L');
                if (Accepts(',')) continue;
                Take(')');
                break;
            }
            return numbers;
        }

        public void End()
        {
            SkipSpaces();
            if (position != text.Length) throw Broken("something follows");
        }

        private void SkipSpaces()
        {
            while (position < text.Length && text[position] is ' ' or '\n' or '\r' or '\t') position++;
        }

        private FormatException Broken(string what) => new($"has a broken header: {what} at character {position}");
    }
}
