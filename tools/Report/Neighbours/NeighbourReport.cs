using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>Pictures and those that nets hold for the most alike, ranked: the paper's Figure 2 for several nets side by side.</summary>
/// <param name="Title">Of the page.</param>
/// <param name="Command">The command line that made it.</param>
/// <param name="Description">How many pictures, by which distance.</param>
/// <param name="Nets">What the columns are called, left to right.</param>
/// <param name="Pictures">Those that are shown, square and all of one size.</param>
/// <param name="Queries">Rows.</param>
public sealed record NeighbourReport(
    string Title, string Command, string Description, IReadOnlyList<NeighbourNet> Nets, IReadOnlyList<NeighbourPicture> Pictures, IReadOnlyList<NeighbourQuery> Queries);

/// <summary>A net with its weights.</summary>
/// <param name="Name">For people.</param>
/// <param name="Details">Net, weights, node, size of the features.</param>
public sealed record NeighbourNet(string Name, string Details);

/// <summary>A picture, made small.</summary>
/// <param name="Name">Its file.</param>
/// <param name="Thumbnail">Square.</param>
public sealed record NeighbourPicture(string Name, Image Thumbnail);

/// <summary>A row: a picture and each net's answer, the nearest first.</summary>
/// <param name="Picture">Its place among the pictures.</param>
/// <param name="Answers">For each net; places among the pictures and distances.</param>
public sealed record NeighbourQuery(int Picture, IReadOnlyList<IReadOnlyList<Neighbour>> Answers);
