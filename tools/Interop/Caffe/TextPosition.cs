namespace EvenNet.Interop;

// A place in a text file, from 1. Zero where there is none: in a binary file.
internal readonly record struct TextPosition(int Line, int Column);
