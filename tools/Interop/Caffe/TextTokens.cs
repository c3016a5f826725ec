using System.Text;

namespace EvenNet.Interop;

// What a token of the text format is.
internal enum TextTokenKind
{
    End,
    Identifier,
    Number,
    String,
    Symbol,
}

// One token: its text (a string's without quotes and escapes) and where it begins.
internal readonly record struct TextToken(TextTokenKind Kind, string Text, TextPosition At);

// Cuts Protocol Buffers' text format into tokens (protobuf.dev, «Text Format Language Specification», lexical elements).
internal sealed class TextTokens(string text, string path)
{
    private const string Symbols = "{}<>[]:,;-/";

    private int at, line = 1, lineStart;

    /// <summary>The next token; <see cref="TextTokenKind.End"/> for ever after the last.</summary>
    public TextToken Next()
    {
        SkipSpace();
        TextPosition from = Position;
        if (at == text.Length) return new(TextTokenKind.End, "", from);
        char c = text[at];
        if (char.IsAsciiLetter(c) || c == '_') return new(TextTokenKind.Identifier, While(char.IsAsciiLetterOrDigit, '_'), from);
        if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))) return new(TextTokenKind.Number, Number(), from);
        if (c is '"' or '\'') return new(TextTokenKind.String, Quoted(c), from);
        if (!Symbols.Contains(c)) throw Wrong(from, $"unexpected character {Shown(c)}");
        at++;
        return new(TextTokenKind.Symbol, c.ToString(), from);
    }

    public NetFormatException Wrong(TextPosition where, string reason) => new(path, where.Line, where.Column, reason);

    private TextPosition Position => new(line, at - lineStart + 1);

    private static string Shown(char c) => char.IsControl(c) || c > '~' ? $"U+{(int)c:X4}" : $"'{c}'";

    private void SkipSpace()
    {
        for (; at < text.Length; at++)
        {
            if (text[at] == '#')
                while (at + 1 < text.Length && text[at + 1] != '\n') at++;
            else if (text[at] == '\n') (line, lineStart) = (line + 1, at + 1);
            else if (text[at] is not (' ' or '\t' or '\r' or '\v' or '\f' or '\uFEFF')) return;
        }
    }

    private string While(Func<char, bool> accepts, char also)
    {
        int from = at;
        while (at < text.Length && (accepts(text[at]) || text[at] == also)) at++;
        return text[from..at];
    }

    // Digits, letters of hexadecimal numbers, exponents with their sign and the suffix f: whether it is a number is judged where one is wanted.
    private string Number()
    {
        int from = at;
        bool isHex = text.AsSpan(at).StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.'
            || (text[at] is '+' or '-' && !isHex && text[at - 1] is 'e' or 'E'))) at++;
        return text[from..at];
    }

    private string Quoted(char quote)
    {
        TextPosition from = Position;
        var bytes = new List<byte>();
        for (at++; ; at++)
        {
            if (at >= text.Length || text[at] == '\n') throw Wrong(from, "a string is not closed on its line");
            if (text[at] == quote) break;
            if (text[at] == '\\') Escape(bytes);
            else
            {
                int length = char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(text, at, length));
                at += length - 1;
            }
        }
        at++;
        return Encoding.UTF8.GetString([.. bytes]);
    }

    // At a backslash; ends at the escape's last character. Octal and hexadecimal escapes are bytes of UTF-8.
    private void Escape(List<byte> bytes)
    {
        TextPosition from = Position;
        if (++at >= text.Length) throw Wrong(from, "a string is not closed on its line");
        int simple = "abfnrtv?\\'\"".IndexOf(text[at], StringComparison.Ordinal);
        if (simple >= 0) bytes.Add((byte)"\a\b\f\n\r\t\v?\\'\""[simple]);
        else if (text[at] is >= '0' and <= '7') bytes.Add((byte)Digits(8, most: 3, from));
        else if (text[at] is 'x' or 'X')
        {
            at++;
            bytes.Add((byte)Digits(16, most: 2, from));
        }
        else if (text[at] is 'u' or 'U')
        {
            int most = text[at++] == 'u' ? 4 : 8;
            long code = Digits(16, most, from);
            if (!Rune.IsValid((int)code)) throw Wrong(from, "an escape names no character of Unicode");
            bytes.AddRange(Encoding.UTF8.GetBytes(new Rune((int)code).ToString()));
        }
        else throw Wrong(from, $"an escape cannot begin with {Shown(text[at])}");
    }

    private long Digits(int radix, int most, TextPosition from)
    {
        long value = 0;
        int count = 0;
        for (; count < most && at < text.Length && char.IsAsciiHexDigit(text[at]) && Convert.ToInt32(text[at].ToString(), 16) is var digit && digit < radix; count++, at++)
            value = value * radix + digit;
        at--;
        return count > 0 ? value : throw Wrong(from, "an escape has no digits");
    }
}
