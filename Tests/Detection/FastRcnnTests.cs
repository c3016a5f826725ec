using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests.Detection;

public sealed class FastRcnnTests
{
    private static readonly FastRcnnOptions Options = new();

    [Test]
    public void A_box_comes_back_from_its_delta()
    {
        var random = new Random(3);
        for (int i = 0; i < 1000; i++)
        {
            PixelBox region = Box(random), box = Box(random), back = BoxDelta.Between(region, box).Of(region);
            foreach ((float expected, float actual) in new[] { (box.Left, back.Left), (box.Top, back.Top), (box.Right, back.Right), (box.Bottom, back.Bottom) })
                Assert.That(actual, Is.EqualTo(expected).Within(1e-4), $"{region} to {box}");
        }

        static PixelBox Box(Random random)
        {
            float left = random.Next(500), top = random.Next(400);
            return new PixelBox(left, top, left + random.Next(1, 500), top + random.Next(1, 400));
        }
    }

    // By hand: a region of sides 10 and 20 at (0, 0), an object of sides 20 and 10 at (10, 20): centres (5, 10) and (20, 25).
    [Test]
    public void A_delta_is_in_sides_of_the_region_without_the_last_pixel()
    {
        BoxDelta d = BoxDelta.Between(new PixelBox(0, 0, 10, 20), new PixelBox(10, 20, 30, 30));
        Assert.That((d.X, d.Y), Is.EqualTo((1.5, 0.75)).Using<(double, double)>((a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1e-12));
        Assert.That((d.Width, d.Height), Is.EqualTo((Math.Log(2), Math.Log(0.5))).Using<(double, double)>((a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1e-12));
    }

    [Test]
    public void A_region_of_one_pixel_has_a_delta_and_a_wild_delta_a_box()
    {
        var point = new PixelBox(5, 5, 5, 5);
        BoxDelta d = BoxDelta.Between(point, point);
        Assert.That((d.X, d.Y, d.Width, d.Height), Is.EqualTo((0.0, 0.0, 0.0, 0.0)));
        PixelBox wild = new BoxDelta(0, 0, 5000, 5000).Of(new PixelBox(0, 0, 10, 10)).Clip(20, 30);
        Assert.That(wild, Is.EqualTo(new PixelBox(0, 0, 19, 29)));
    }

    [Test]
    public void Scaled_deltas_have_mean_zero_and_deviation_one_by_class_and_come_back()
    {
        var random = new Random(4);
        (int Label, BoxDelta Delta)[] deltas = [.. Enumerable.Range(0, 400).Select(i => (1 + i % 2, new BoxDelta(random.NextDouble(), i % 2 + random.NextDouble(), 3 * random.NextDouble(), 0.25)))];
        DeltaScaling scaling = DeltaScaling.Of(4, deltas);
        float[][] scaled = [.. deltas.Where(d => d.Label == 2).Select(d => { var v = new float[4]; scaling.Scale(2, d.Delta, v); return v; })];
        for (int k = 0; k < 3; k++)
        {
            Assert.That(scaled.Average(v => v[k]), Is.Zero.Within(1e-5));
            Assert.That(scaled.Average(v => v[k] * v[k]), Is.EqualTo(1).Within(1e-4));
        }
        Assert.That(scaled.Select(v => v[3]), Is.All.Zero, "deltas that are all alike are left as large as they are");
        Assert.That(scaling.Deviations(3).ToArray(), Is.All.EqualTo(1), "a class that is not there");
        BoxDelta back = scaling.Unscale(2, scaled[0]), first = deltas.First(d => d.Label == 2).Delta;
        Assert.That(Math.Abs(back.X - first.X) + Math.Abs(back.Y - first.Y) + Math.Abs(back.Width - first.Width) + Math.Abs(back.Height - first.Height), Is.LessThan(1e-6));
        Assert.That($"{DeltaScaling.Parse($"{scaling}", 4)}", Is.EqualTo($"{scaling}"));
        Assert.That(() => DeltaScaling.Parse($"{scaling}", 5), Throws.TypeOf<FormatException>());
    }

    [Test]
    public void Suppression_keeps_the_best_of_those_that_overlap()
    {
        Found[] found = [new(0, 0.5f, new PixelBox(0, 0, 9, 9)), new(0, 0.9f, new PixelBox(1, 0, 10, 9)), new(0, 0.7f, new PixelBox(2, 0, 11, 9)), new(0, 0.6f, new PixelBox(50, 0, 59, 9)), new(0, 0.6f, new PixelBox(51, 0, 60, 9))];
        Assert.That(Suppression.Apply(found, 0.3), Is.EqualTo(new[] { found[1], found[3] }), "of equal ones the first");
        Assert.That(Suppression.Apply(found, 1), Has.Count.EqualTo(5));
        Assert.That(Suppression.Apply([], 0.3), Is.Empty);
        // Suppressed boxes suppress nothing: the third overlaps the second, not the first.
        Found[] chain = [new(0, 3, new PixelBox(0, 0, 9, 9)), new(0, 2, new PixelBox(4, 0, 13, 9)), new(0, 1, new PixelBox(8, 0, 17, 9))];
        Assert.That(Suppression.Apply(chain, 0.3), Is.EqualTo(new[] { chain[0], chain[2] }));
    }

    [Test]
    public void CaffeNet_gets_the_paddings_of_detection_and_keeps_its_parameters()
    {
        DetectorNet net = DetectorNet.Of(CaffeNet.Scores(20), 20);
        Assert.That((net.Cut, net.Stride, net.Labels), Is.EqualTo(("pool5", 16, 21)));
        DetectorGraph graph = net.At(600, 1000, regions: 64);
        foreach ((string name, string shape) in new[] { ("conv1", "96×150×250"), ("pool1", "96×76×126"), ("pool2", "256×39×64"), ("conv5", "256×39×64"), ("pool5", "256×6×6"), ("fc7", "4096"), ("cls_score", "21"), ("bbox_pred", "84") })
            Assert.That($"{graph.Graph[name].Shape}", Is.EqualTo(shape), name);
        Graph classification = Graph.Of(CaffeNet.Scores(20));
        foreach (string name in new[] { "conv1", "conv5", "fc6", "fc7" })
            Assert.That(graph.Graph[name].ParameterSpecs.Select(p => string.Join('×', p.Dimensions)), Is.EqualTo(classification[name].ParameterSpecs.Select(p => string.Join('×', p.Dimensions))), name);
        Assert.That(graph.Graph.Nodes.Select(n => n.Name), Does.Not.Contain("fc8"));
    }

    [Test]
    public void Vgg_and_any_net_with_a_pooling_on_its_way_are_cut_and_others_are_told_why_not()
    {
        DetectorNet vgg = DetectorNet.Of(Vgg16.Scores(20), 20);
        Assert.That((vgg.Cut, vgg.Stride, $"{vgg.At(224, 320, 2).Graph["pool5"].Shape}"), Is.EqualTo(("pool5", 16, "512×7×7")));
        DetectorNet earlier = DetectorNet.Of(CaffeNet.Scores(20), 20, "pool2");
        Assert.That((earlier.Stride, $"{earlier.At(320, 320, 2).Graph["pool2"].Shape}"), Is.EqualTo((8, "256×13×13")));
        Assert.That(() => DetectorNet.Of(CaffeNet.Scores(20), 20, "pool6"), Throws.TypeOf<GraphException>().With.Message.Contains("no node named pool6; did you mean pool"));
        Node x = Node.Input("data", 3, 32, 32).Convolution("a", 4, 3, pad: 1), pooled = x.MaxPool("pool", 2, stride: 2);
        Node both = Node.Concat("both", pooled.InnerProduct("f", 3), x.InnerProduct("g", 3)).InnerProduct("scores", 5);
        Assert.That(() => DetectorNet.Of(both, 5, "pool"), Throws.TypeOf<GraphException>().With.Message.Contains("does not pass through pool alone"));
        Assert.That(() => DetectorNet.Of(pooled, 5), Throws.TypeOf<GraphException>().With.Message.Contains("ends in an inner product"));
    }

    [Test]
    public void Regions_are_sorted_by_how_far_they_overlap_objects_difficult_ones_too()
    {
        VocObject[] objects = [new(3, new PixelBox(0, 0, 99, 99), IsDifficult: true, IsTruncated: false), new(7, new PixelBox(200, 0, 299, 99), IsDifficult: false, IsTruncated: false)];
        PixelBox[] proposals = [new(0, 0, 99, 49), new(0, 0, 99, 48), new(200, 0, 299, 9), new(200, 0, 299, 8), new(400, 0, 410, 10)];
        PictureRegions regions = PictureRegions.Of(objects, proposals, Options);
        Assert.That(regions.OfObjects.Select(r => (regions.Box(r), regions.Object(r).Class)), Is.EqualTo(new[] { (objects[0].Box, 3), (objects[1].Box, 7), (proposals[0], 3) }));
        Assert.That(regions.OfBackground.Select(regions.Box), Is.EqualTo(new[] { proposals[1], proposals[2] }));
    }

    [Test]
    public void A_quarter_at_most_of_the_regions_are_of_objects_and_missing_ones_are_not_made_up()
    {
        VocObject[] objects = [new(0, new PixelBox(0, 0, 99, 99), IsDifficult: false, IsTruncated: false)];
        PixelBox[] near = [.. Enumerable.Range(0, 40).Select(i => new PixelBox(0, 0, 99, 99 - i))], far = [.. Enumerable.Range(0, 90).Select(i => new PixelBox(0, 0, 20 + i % 20, 90 + i / 20))];
        PictureRegions many = PictureRegions.Of(objects, [.. near, .. far], Options), few = PictureRegions.Of(objects, near.Take(3).Concat(far.Take(5)).ToArray(), Options), none = PictureRegions.Of([], far, Options);
        int[] drawn = many.Draw(Options, new Philox(1, RandomPurpose.Transform));
        Assert.That((drawn.Length, drawn.Count(many.OfObjects.Contains), drawn.Distinct().Count()), Is.EqualTo((64, 16, 64)));
        Assert.That(many.Draw(Options, new Philox(1, RandomPurpose.Transform)), Is.EqualTo(drawn));
        Assert.That(many.Draw(Options, new Philox(2, RandomPurpose.Transform)), Is.Not.EqualTo(drawn));
        Assert.That(few.Draw(Options, new Philox(1, RandomPurpose.Transform)), Has.Length.EqualTo(4 + 5));
        Assert.That(none.Draw(Options, new Philox(1, RandomPurpose.Transform)), Is.Empty);
    }

    [TestCase(500, 375, 600, 1000, 800, 600)]
    [TestCase(375, 500, 600, 1000, 600, 800)]
    [TestCase(1000, 400, 600, 1000, 1000, 400)]
    [TestCase(500, 200, 600, 1000, 1000, 400)]
    public void The_shorter_side_is_scaled_unless_the_longer_one_grows_too_long(int width, int height, int side, int longest, int newWidth, int newHeight)
    {
        var scaling = PictureScaling.Of(width, height, side, longest);
        Assert.That((scaling.Width, scaling.Height), Is.EqualTo((newWidth, newHeight)));
        Assert.That(scaling.Factor, Is.EqualTo((double)newWidth / width).Within(1e-9));
    }

    [Test]
    public void Plans_of_different_canvases_train_one_set_of_parameters()
    {
        using Backend cpu = Backends.Open("cpu");
        DetectorNet net = Tiny();
        using var parameters = new ParameterSet(net.At(64, 64, 1).Graph, cpu);
        using var plans = new DetectorPlans(parameters, net, pictures: 1, regions: 2, graph => new NetOptions { Outputs = graph.Losses });
        using var solver = new SgdSolver(parameters) { Rate = Schedule.Fixed(0.1f) };
        Fill(parameters);
        float[] before = parameters["conv.weight"].Read();
        foreach (Shape canvas in new[] { DetectorPlans.Canvas(40, 60), DetectorPlans.Canvas(65, 30), DetectorPlans.Canvas(64, 64) })
        {
            DetectorPlan plan = plans.For(canvas);
            Assert.That(plans.For(canvas), Is.SameAs(plan));
            plan.Net.Load(plan.Graph.Pictures, Sample.Normal(new Random(1), canvas.Count));
            plan.Net.Load(plan.Graph.Regions, new double[] { 0, 5, 5, 40, 30, -1, 0, 0, 0, 0 });
            plan.Net.Load(plan.Graph.Labels, new double[] { 1, DetectorGraph.NoRegion });
            plan.Net.Forward();
            solver.Step(plan.Net);
            float[] after = parameters["conv.weight"].Read();
            Assert.That(after, Is.Not.EqualTo(before));
            before = after;
        }
        Assert.That(DetectorPlans.Canvas(40, 60), Is.EqualTo(new Shape(3, 64, 64)));
        Graph other = Graph.Of(Node.Input("data", 3, 8, 8).Convolution("conv", 7, 3));
        Assert.That(() => parameters.For(other), Throws.TypeOf<GraphException>().With.Message.Contains("conv needs parameters of 7×3×3×3"));
    }

    // Regions that share their cells are computed once, and a picture without proposals has none.
    [Test]
    public void A_detector_scores_every_region_and_none_of_none()
    {
        using Backend cpu = Backends.Open("cpu");
        DetectorNet net = Tiny();
        using var parameters = new ParameterSet(net.At(64, 64, 1).Graph, cpu);
        Fill(parameters);
        using var detector = new Detector(parameters, net, DeltaScaling.None(net.Labels), Options with { TestSide = 48, TestLongest = 80 });
        var picture = new ImageBuffer();
        var random = new Random(2);
        random.NextBytes(picture.Begin(60, 48));
        PixelBox[] regions = [.. Enumerable.Range(0, 600).Select(i => new PixelBox(i % 20, i / 20 % 10, 25 + i % 30, 20 + i % 25))];
        ScoredRegions all = detector.Score(picture, regions, "picture");
        foreach (int r in new[] { 0, 1, 255, 256, 257, 599 })
        {
            ScoredRegions one = detector.Score(picture, [regions[r]], "picture");
            for (int c = 0; c < net.Classes; c++)
            {
                Assert.That(all.Scores[r * net.Classes + c], Is.EqualTo(one.Scores[c]).Within(1e-6), $"region {r}");
                Assert.That(all.Boxes[r * net.Classes + c].IoU(one.Boxes[c]), Is.GreaterThan(0.4), $"region {r}: within the cells it shares");
            }
        }
        Assert.That(detector.Score(picture, [], "picture").Scores, Is.Empty);
        Assert.That(detector.Find(picture, [], 0, "picture"), Is.Empty);
        IReadOnlyList<Found> found = detector.Find(picture, regions, 0, "picture");
        Assert.That(found.Select(f => f.Score), Is.Ordered.Descending);
        Assert.That(found, Has.Count.GreaterThan(0));
        foreach (Found f in found) Assert.That(f.Box, Is.EqualTo(f.Box.Clip(60, 48)));
    }

    [Test]
    public void Boxes_and_names_are_drawn_within_the_picture()
    {
        var picture = new Image(80, 60);
        BoxPicture.Draw(picture, [new(0, 0.87f, new PixelBox(10, 20, 60, 50)), new(1, 0.5f, new PixelBox(-5, -5, 200, 200))], ["cat", "dog"]);
        (byte, byte, byte) At(int x, int y) => (picture.Row(y)[3 * x], picture.Row(y)[3 * x + 1], picture.Row(y)[3 * x + 2]);
        Assert.That(At(30, 20), Is.EqualTo(BoxPicture.ColourOf(0)));
        Assert.That(At(60, 40), Is.EqualTo(BoxPicture.ColourOf(0)));
        Assert.That(At(79, 30), Is.EqualTo(BoxPicture.ColourOf(1)));
        Assert.That(At(30, 35), Is.EqualTo(((byte)0, (byte)0, (byte)0)), "the inside is left");
        Assert.That(BoxPicture.ColourOf(0), Is.Not.EqualTo(BoxPicture.ColourOf(1)));
        Assert.That(PixelText.Width("cat", 2), Is.EqualTo(2 * 17));
    }

    private static DetectorNet Tiny() => DetectorNet.Of(
        Node.Input("data", 3, 32, 32).Convolution("conv", 20, 3, stride: 2).Relu().MaxPool("pool1", 3, stride: 2).MaxPool("pool2", 2, stride: 2).InnerProduct("fc", 16).Relu().Dropout().InnerProduct("scores", 3), 3);

    private static void Fill(ParameterSet parameters)
    {
        var random = new Random(9);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight")) p.Write([.. Sample.Normal(random, p.Count).Select(v => (float)(0.3 * v / Math.Sqrt(p.FanIn)))]);
    }
}
