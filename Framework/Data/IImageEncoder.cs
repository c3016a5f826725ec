namespace EvenNet.Framework;

/// <summary>Makes files of pictures.</summary>
public interface IImageEncoder
{
    /// <summary>«image/png», «image/jpeg»: what pages call the format.</summary>
    string MediaType { get; }

    /// <summary>A whole file in memory.</summary>
    byte[] Encode(Image image);
}
