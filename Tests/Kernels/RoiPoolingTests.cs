using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Kernels;

/// <summary>The bins by hand, and what no picture should have but some do: a thousand regions, none, ones that end before they begin, ones beyond the picture.</summary>
public sealed class RoiPoolingTests
{
    // Rows of 0 … 3, 4 … 7, 8 … 11, 12 … 15.
    private static readonly double[] Map = [.. Enumerable.Range(0, 16).Select(i => (double)i)];

    private static double[] Pool(double[] map, int pictures, int bins, float scale, params double[][] regions)
    {
        using Backend reference = Backends.Open("reference"), cpu = Backends.Open("cpu");
        double[] expected = Pool(reference, map, pictures, bins, scale, regions);
        Assert.That(Pool(cpu, map, pictures, bins, scale, regions), Is.EqualTo(expected));
        return expected;
    }

    private static double[] Pool(Backend backend, double[] map, int pictures, int bins, float scale, double[][] regions)
    {
        Node x = Node.Input("map", 1, 4, 4), y = x.RoiPool("pool", Node.RegionInput("regions", regions.Length / pictures, 5), bins, bins, scale);
        using var parameters = new ParameterSet(Graph.Of(y), backend);
        using var net = new Net(parameters, pictures, new NetOptions { Backward = false });
        net.Load(x, map);
        net.Load(net.Graph["regions"], [.. regions.SelectMany(r => r)]);
        net.Forward(Phase.Test);
        return net[y].ReadExact();
    }

    [Test]
    public void Bins_share_the_cells_evenly_and_a_single_cell_fills_all_of_them()
    {
        Assert.That(Pool(Map, 1, 2, 1, [0, 0, 0, 3, 3]), Is.EqualTo(new double[] { 5, 7, 13, 15 }));
        Assert.That(Pool(Map, 1, 2, 1, [0, 1, 1, 1, 1]), Is.EqualTo(new double[] { 5, 5, 5, 5 }));
        // Three cells in two bins: the middle one is in both.
        Assert.That(Pool(Map, 1, 2, 1, [0, 0, 0, 2, 2]), Is.EqualTo(new double[] { 5, 6, 9, 10 }));
    }

    [Test]
    public void Corners_are_rounded_halves_away_from_zero()
    {
        // 0.5 and 1.5 cells become 1 and 2.
        Assert.That(Pool(Map, 1, 1, 0.5f, [0, 1, 1, 3, 3]), Is.EqualTo(new double[] { 10 }));
        // −0.5 becomes −1, so that of three columns from there two lie in the map.
        Assert.That(Pool(Map, 1, 3, 0.5f, [0, -1, 0, 2, 0]), Is.EqualTo(new double[] { 0, 0, 1, 0, 0, 1, 0, 0, 1 }));
    }

    [Test]
    public void Bins_beyond_the_map_are_zero()
    {
        Assert.That(Pool(Map, 1, 2, 1, [0, 2, 2, 5, 5]), Is.EqualTo(new double[] { 15, 0, 0, 0 }));
        Assert.That(Pool(Map, 1, 2, 1, [0, 20, 20, 30, 30], [0, -9, -9, -5, -5]), Is.All.Zero);
        Assert.That(Pool(Map, 1, 1, 1, [0, 1e30, 0, 3e38, 3]), Is.All.Zero);
    }

    [Test]
    public void A_region_that_ends_before_it_begins_is_the_cell_where_it_begins() =>
        Assert.That(Pool(Map, 1, 1, 1, [0, 2, 1, 0, 0]), Is.EqualTo(new double[] { 6 }));

    [Test]
    public void Regions_name_their_picture_and_may_lie_unevenly_or_be_none()
    {
        double[] two = [.. Map, .. Map.Select(v => v + 100)];
        Assert.That(Pool(two, 2, 1, 1, [1, 0, 0, 0, 0], [1, 0, 0, 3, 3], [-1, 0, 0, 3, 3], [0, 0, 0, 1, 1]), Is.EqualTo(new double[] { 100, 115, 0, 5 }));
        Assert.That(Pool(two, 2, 1, 1, [-1, 0, 0, 0, 0], [-1, double.NaN, 0, 0, 0]), Is.All.Zero);
    }

    [TestCase(2, 0, "region 1 is of picture 2, but the batch holds pictures 0 … 1")]
    [TestCase(0.5, 0, "region 1 is of picture 0.5")]
    [TestCase(0, double.NaN, "region 1 has a corner that is not finite")]
    [TestCase(0, double.PositiveInfinity, "region 1 has a corner that is not finite")]
    public void A_region_of_no_picture_is_told(double picture, double left, string message)
    {
        foreach (string device in new[] { "reference", "cpu" })
        {
            using Backend backend = Backends.Open(device);
            Assert.That(() => Pool(backend, [.. Map, .. Map], 2, 1, 1, [[0, 0, 0, 1, 1], [picture, left, 0, 1, 1]]),
                Throws.TypeOf<LayerException>().With.Message.StartsWith("pool (RoiPooling): ").And.Message.Contains(message), device);
        }
    }

    // Each bin's gradient goes to one cell, or nowhere where the bin is empty.
    [Test]
    public void A_thousand_regions_pool_and_give_their_gradients_back([Values("reference", "cpu")] string device)
    {
        const int regions = 1000, channels = 20;
        using Backend backend = Backends.Open(device);
        Node x = Node.Input("map", 3, 12, 15), below = x.Convolution("below", channels, 1), y = below.RoiPool("pool", Node.RegionInput("regions", regions / 2, 5), 6, 6, 1 / 16f);
        using var parameters = new ParameterSet(Graph.Of(y), backend);
        using var net = new Net(parameters, 2, new NetOptions { ShareMemory = false });
        var random = new Random(5);
        parameters["below.weight"].Write([.. Sample.Normal(random, channels * 3).Select(v => (float)v)]);
        net.Load(x, Sample.Normal(random, 2 * x.Shape.Count));
        double[] boxes = [.. Enumerable.Range(0, regions).SelectMany(r => (double[])[r % 3 == 0 ? 1 : 0, random.Next(-40, 260), random.Next(-40, 200), random.Next(0, 300), random.Next(0, 240)])];
        net.Load(net.Graph["regions"], boxes);
        net.Forward();
        double[] pooled = net[y].ReadExact();
        net.Backward(y, [.. Enumerable.Repeat(1f, pooled.Length)]);
        double given = net.GradientOf(below).ReadExact().Sum();
        // A value of exactly zero is an empty bin's: products of normal numbers are not.
        Assert.That(given, Is.EqualTo(pooled.Count(v => v != 0)));
        Assert.That(pooled.Count(v => v == 0), Is.Positive, "some lie outside");
    }

    [Test]
    public void Pictures_and_regions_meet_in_no_other_layer()
    {
        Node image = Node.Input("data", 5), regions = Node.RegionInput("regions", 3, 5);
        Assert.That(() => Node.Sum("sum", image, regions), Throws.TypeOf<GraphException>().With.Message.Contains("1 and 3 samples a picture"));
        Node pooled = Node.Input("map", 2, 4, 4).RoiPool("pool", regions, 2, 2, 1);
        Assert.That(pooled.Multiplicity, Is.EqualTo(3));
        Assert.That(() => pooled.RoiPool("again", regions, 1, 1, 1), Throws.TypeOf<GraphException>().With.Message.Contains("regions of regions"));
        Assert.That(() => Node.Input("map", 2, 4, 4).RoiPool("pool", Node.RegionInput("regions", 3, 4), 2, 2, 1), Throws.TypeOf<GraphException>().With.Message.Contains("a region is 5 values"));
        Assert.That(() => Node.RegionInput("none", 0, 5), Throws.TypeOf<GraphException>());
    }
}
