namespace EvenNet.Cli;

/// <summary>What <c>neighbors</c> found.</summary>
/// <param name="Distance">«euclidean» or «cosine».</param>
/// <param name="Pool">Pictures that could be a neighbour.</param>
/// <param name="Skipped">Broken pictures.</param>
/// <param name="Nets">Left to right.</param>
/// <param name="Queries">Each with the nets' answers in their order.</param>
/// <param name="SameClassByChance">Share of the pool that shows a class of the query, in the mean; null where classes are not known.</param>
/// <param name="Page">The HTML page, if one was written.</param>
/// <param name="Picture">The picture, if one was written.</param>
internal sealed record NeighborsResult(
    string Distance, int Pool, IReadOnlyList<string> Skipped, IReadOnlyList<NeighborsNet> Nets, IReadOnlyList<NeighborsQuery> Queries, double? SameClassByChance, string? Page, string? Picture);

/// <summary>A net, its weights, and the node whose values are compared.</summary>
/// <param name="Name">For people.</param>
/// <param name="Net">Its name or file.</param>
/// <param name="Weights">A file, or how they were initialized.</param>
/// <param name="Node">Compared.</param>
/// <param name="Dimensions">Of a feature.</param>
/// <param name="SameClass">Share of the neighbours that show a class of their query; null where classes are not known.</param>
/// <param name="FeatureSeconds">For the features of all pictures, decoding included.</param>
/// <param name="SearchSeconds">For all neighbours.</param>
internal sealed record NeighborsNet(string Name, string Net, string Weights, string Node, int Dimensions, double? SameClass, double FeatureSeconds, double SearchSeconds);

/// <summary>A query and, for each net, its neighbours.</summary>
internal sealed record NeighborsQuery(string File, IReadOnlyList<IReadOnlyList<NeighborFile>> Nets);

/// <summary>A neighbour and how far it is.</summary>
internal sealed record NeighborFile(string File, double Distance);
