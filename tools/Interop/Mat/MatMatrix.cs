using System.Text;

namespace EvenNet.Interop;

/// <summary>Reads what is inside a variable or a cell: flags, sizes, name, then what its class has («MAT-File Format», section 1).</summary>
internal static class MatMatrix
{
    // Deeper cell arrays than anybody makes; each takes a call.
    private const int DeepestCells = 32, MostDimensions = 32;

    private const int CellClass = 1, CharClass = 4, FirstNumbers = 6, LastNumbers = 15;

    private const uint ComplexFlag = 0x0800;

    private static readonly string[] Classes = ["unknown", "cell", "struct", "object", "char", "sparse"];

    public static MatArray Read(ReadOnlyMemory<byte> bytes, bool isBig, int depth = 0)
    {
        // An empty matrix may have nothing at all.
        if (bytes.Length == 0) return new MatNumbers("", [0, 0], bytes, MatStorage.Double, isBig);
        if (depth > DeepestCells) throw new FormatException($"cells lie in cells more than {DeepestCells} deep");
        MatElement flags = MatElement.Read(bytes, 0, isBig);
        if (flags.Storage != MatStorage.UInt32 || flags.Data.Length != 8) throw new FormatException($"an array's flags are 8 bytes of type {(int)MatStorage.UInt32}, got {flags.Data.Length} of type {(int)flags.Storage}");
        uint word = MatElement.Word(flags.Data.Span, isBig);
        int kind = (int)(word & 0xff);
        MatElement sizes = MatElement.Read(bytes, flags.Next, isBig);
        int[] dimensions = Dimensions(sizes, isBig);
        MatElement name = MatElement.Read(bytes, sizes.Next, isBig);
        if (name.Storage is not (MatStorage.Int8 or MatStorage.UInt8 or MatStorage.Utf8)) throw new FormatException($"an array's name has type {(int)MatStorage.Int8}, got type {(int)name.Storage}");
        string label = Encoding.UTF8.GetString(name.Data.Span);
        try
        {
            return kind switch
            {
                CellClass => new MatCells(label, dimensions, Cells(bytes, name.Next, Count(dimensions), isBig, depth)),
                CharClass => Text(label, dimensions, MatElement.Read(bytes, name.Next, isBig), isBig),
                >= FirstNumbers and <= LastNumbers when (word & ComplexFlag) == 0 => Numbers(label, dimensions, MatElement.Read(bytes, name.Next, isBig), isBig),
                >= FirstNumbers and <= LastNumbers => new MatUnread(label, dimensions, "complex numbers"),
                _ => new MatUnread(label, dimensions, kind < Classes.Length ? Classes[kind] : $"class {kind}"),
            };
        }
        catch (FormatException error) when (label.Length > 0)
        {
            throw new FormatException($"variable {PrintableName.Of(label)}: {error.Message}", error);
        }
    }

    private static int[] Dimensions(MatElement sizes, bool isBig)
    {
        if (sizes.Storage != MatStorage.Int32 || sizes.Data.Length is < 8 or > 4 * MostDimensions || sizes.Data.Length % 4 != 0)
            throw new FormatException($"an array's sizes are 2 to {MostDimensions} numbers of type {(int)MatStorage.Int32}, got {sizes.Data.Length} bytes of type {(int)sizes.Storage}");
        int[] dimensions = new int[sizes.Data.Length / 4];
        for (int i = 0; i < dimensions.Length; i++) dimensions[i] = (int)MatElement.Word(sizes.Data.Span[(4 * i)..], isBig);
        if (dimensions.Any(d => d < 0)) throw new FormatException($"an array has the sizes {string.Join('×', dimensions)}");
        _ = Count(dimensions);
        return dimensions;
    }

    private static long Count(int[] dimensions)
    {
        long count = 1;
        try
        {
            foreach (int size in dimensions) count = checked(count * size);
        }
        catch (OverflowException error)
        {
            throw new FormatException($"an array has the sizes {string.Join('×', dimensions)}, more than can be counted", error);
        }
        return count;
    }

    private static MatArray[] Cells(ReadOnlyMemory<byte> bytes, int at, long count, bool isBig, int depth)
    {
        // Each cell has a tag at least.
        if (count > (bytes.Length - at) / 8) throw new FormatException($"{count} cells cannot lie in {bytes.Length - at} bytes");
        var cells = new MatArray[count];
        for (int i = 0; i < cells.Length; i++)
        {
            MatElement element = MatElement.Read(bytes, at, isBig);
            if (element.Storage != MatStorage.Matrix) throw new FormatException($"cell {i + 1} of {count} should be of type {(int)MatStorage.Matrix}, it is of type {(int)element.Storage}");
            cells[i] = Read(element.Data, isBig, depth + 1);
            at = element.Next;
        }
        return cells;
    }

    private static MatNumbers Numbers(string name, int[] dimensions, MatElement data, bool isBig)
    {
        int width = MatElement.Width(data.Storage);
        if (width == 0) throw new FormatException($"numbers of type {(int)data.Storage} are not known");
        if (data.Data.Length % width != 0 || data.Data.Length / width != Count(dimensions))
            throw new FormatException($"{string.Join('×', dimensions)} numbers of {width} bytes each were expected, got {data.Data.Length} bytes");
        return new MatNumbers(name, dimensions, data.Data, data.Storage, isBig);
    }

    private static MatText Text(string name, int[] dimensions, MatElement data, bool isBig)
    {
        string text = data.Storage switch
        {
            MatStorage.Utf8 or MatStorage.Int8 or MatStorage.UInt8 => Encoding.UTF8.GetString(data.Data.Span),
            MatStorage.Utf16 or MatStorage.UInt16 => (isBig ? Encoding.BigEndianUnicode : Encoding.Unicode).GetString(data.Data.Span),
            MatStorage.Utf32 => new UTF32Encoding(isBig, byteOrderMark: false).GetString(data.Data.Span),
            _ => throw new FormatException($"a text of type {(int)data.Storage} is not known"),
        };
        return new MatText(name, dimensions, text);
    }
}
