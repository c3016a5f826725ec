using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>What goes to the device and comes back, and what is drawn there.</summary>
[TestFixture(false), TestFixture(true, Category = "Gpu")]
public sealed class CudaDataTests(bool gpu) : CudaFixture(gpu)
{
    [Test]
    public void Copies_of_several_pieces_arrive_whole([Values(0, 1, 524_287, 524_288, 524_289, 1_800_000)] int count)
    {
        using CudaBackend cuda = Place.Open();
        using Storage storage = cuda.Allocate(count + 5);
        float[] values = [.. Enumerable.Range(0, count).Select(i => (float)i)], read = new float[count];
        storage.Write(5, values);
        storage.Read(5, read);
        Assert.That(read, Is.EqualTo(values));
    }

    [Test]
    public void A_label_that_names_no_class_is_told_when_the_loss_is_read()
    {
        using CudaBackend cuda = Place.Open();
        Node label = Node.Input("label", 1);
        Graph graph = Graph.Of(Node.Input("data", 5).SoftmaxLoss(label));
        using var parameters = new ParameterSet(graph, cuda);
        using var net = new Net(parameters, batch: 2);
        net.Load(graph["data"], new float[10]);
        net.Load(label, [3f, 7]);
        net.Forward();
        Assert.That(() => net.Loss, Throws.InstanceOf<LayerException>().With.Message.Contains("sample 1 has the label 7, but the 5 scores are for classes 0 … 4"));
        net.Load(label, [3f, 4]);
        net.Forward();
        Assert.That(net.Loss, Is.EqualTo(Math.Log(5)).Within(1e-6), "the next batch is fine");
    }

    // Every element's mask by the generator that all backends share, pass by pass, and again after a step back.
    [Test]
    public void Dropout_draws_the_same_masks_as_every_backend()
    {
        var layer = new Dropout(0.4f);
        Graph graph = Graph.Of(Node.Input("data", 1001).Dropout(0.4f));
        using Backend cpu = Backends.Open("cpu"), cuda = Place.Open();
        float[][] Passes(Backend backend)
        {
            using var parameters = new ParameterSet(graph, backend);
            using var net = new Net(parameters, batch: 3);
            float[] ones = new float[3003];
            ones.AsSpan().Fill(1);
            List<float[]> passes = [];
            foreach (long begin in (long[])[-1, -1, 7, -1, 1])
            {
                if (begin >= 0) net.BeginPass(begin);
                net.Load(graph["data"], ones);
                net.Forward();
                passes.Add(net.Read(graph.Outputs[0]));
            }
            return [.. passes];
        }
        float[][] expected = Passes(cpu), actual = Passes(cuda);
        Assert.That(actual, Is.EqualTo(expected));
        Assert.That(actual[4], Is.EqualTo(actual[1]).And.Not.EqualTo(actual[0]));
        Assert.That(actual[0].Count(v => v == 0), Is.InRange(0.35 * 3003, 0.45 * 3003), $"{layer}");
    }

    // Dropout counts its passes and batch normalization gathers on the device, so a recorded step goes on as a looped one does.
    [Test]
    public void A_recorded_step_trains_as_a_looped_one()
    {
        static Node Layers(Node data) => data.Convolution("a", 8, 3, pad: 1).BatchNorm("bn").Scale("sc").Relu().MaxPool("pool", 3, stride: 2).Dropout();
        using CudaBackend cuda = Place.Open();
        float[][] looped = RecordedTraining.Run(cuda, Layers, steps: 5, recorded: false), replayed = RecordedTraining.Run(cuda, Layers, steps: 5, recorded: true);
        Assert.That(replayed, Is.EqualTo(looped));
        Assert.That(looped.Take(5).Select(l => l[0]), Is.Unique.And.All.GreaterThan(0));
    }

    [Test]
    public void What_waits_cannot_be_recorded_and_the_device_goes_on()
    {
        using CudaBackend cuda = Place.Open();
        using Storage storage = cuda.Allocate(4);
        Assert.That(() => cuda.Record(cuda.Wait), Throws.TypeOf<CudaException>().With.Message.Contains("cuStreamSynchronize failed"));
        Assert.That(() => cuda.Record(() => cuda.Allocate(4)), Throws.TypeOf<CudaException>().With.Message.Contains("cuMemAlloc_v2 failed"));
        storage.Fill(0, 4, 2);
        float[] read = new float[4];
        storage.Read(0, read);
        Assert.That(read, Is.All.EqualTo(2));
    }

    [Test]
    public void Random_words_are_those_of_the_published_generator()
    {
        using CudaBackend cuda = Place.Open();
        using Storage words = cuda.Allocate(4);
        new CudaLaunch(cuda.Device, "philox_words", CudaGrid.Elements(1)) { 1L, 0UL, 0U, 0U, ((CudaStorage)words).Address }.Run();
        float[] read = new float[4];
        words.Read(0, read);
        // Salmon et al. 2011, known answers for a zero key and counter.
        Assert.That(read.Select(BitConverter.SingleToUInt32Bits), Is.EqualTo((uint[])[0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]));
    }
}
