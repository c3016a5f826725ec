using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Where proposals come from.</summary>
internal static class ProposalChoice
{
    /// <summary>For the help.</summary>
    public const string Kinds = "a .mat, .npz or .txt file; without one they are looked for by selective search, and kept";

    /// <summary>A file's, or selective search's.</summary>
    public static IProposals Open(string? file, ImageFiles files) => file is null ? new SearchedProposals(files, new SelectiveSearchSettings(), Cache()) : ProposalFile.Read(file);

    private static string Cache() => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "evennet", "proposals");
}
