using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>Where objects might be: boxes for pictures, read from a file or found by a search. Safe to ask from several threads.</summary>
public interface IProposals
{
    /// <summary>For messages: the file or the method.</summary>
    string Name { get; }

    /// <summary>The boxes of a picture in its own pixels, the most promising first; none is an answer too.</summary>
    /// <param name="path">The picture's file. Proposal files know pictures by its name without folder and extension («000005»).</param>
    /// <exception cref="ProposalsException">The file that holds the boxes does not know the picture.</exception>
    IReadOnlyList<PixelBox> Of(string path);
}
