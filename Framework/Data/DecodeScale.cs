namespace EvenNet.Framework;

/// <summary>
/// How many eighths of a picture's size suffice: 8 is all of it. Asked with the picture's full size, upright, before it is decoded;
/// a JPEG is then decoded at that scale, which is faster and, unlike picking pixels, smooth.
/// </summary>
public delegate int DecodeScale(int width, int height);
