using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>A small net with all that has a state or draws at random (batch normalization, dropout), and what trains it: the same from the same arguments.</summary>
internal sealed class TinyTraining : IDisposable
{
    public const int Batch = 6;

    private readonly Backend backend;

    public TinyTraining(string solver = "sgd", int threads = 1, int workers = 1, int accumulate = 1, float rate = 0.05f, Dataset? data = null, float dropout = 0.5f, string device = "cpu", ulong seed = 7, Schedule? schedule = null, Backend? on = null, bool times = false)
    {
        backend = on ?? TestDevice.Open(device, threads);
        Data = data ?? new PatternDataset(40);
        Node labels = Node.Input("label", Data.LabelCount), hidden = Node.Input("data", 3, 12, 12)
            .Convolution("conv1", 8, kernel: 3).BatchNorm("norm1", fraction: 0.9f).Scale("scale1").Relu().MaxPool("pool1", 2, stride: 2)
            .InnerProduct("fc1", 12).Relu();
        Scores = (dropout > 0 ? hidden.Dropout(dropout) : hidden).InnerProduct("fc2", Data.Classes.Count);
        Parameters = new ParameterSet(Graph.Of(Data.IsMultiLabel ? Scores.SigmoidCrossEntropy(labels, "loss", ignoreLabel: Dataset.Ignored) : Scores.SoftmaxLoss(labels)), backend);
        foreach (Parameter p in Parameters.All.Where(p => p.Spec.Name == "weight"))
        {
            var values = new float[p.Count];
            new Philox(seed, RandomPurpose.Weights, p.Name.Length).FillGaussian(values);
            for (int i = 0; i < values.Length; i++) values[i] *= MathF.Sqrt(2f / p.FanIn);
            p.Write(values);
        }
        Net = new Net(Parameters, Batch, new NetOptions { Seed = seed, Times = times });
        Solver = Make(solver, schedule ?? Schedule.Cosine(rate, 100).WarmUp(3), accumulate);
        Trainer = new Trainer(Net, Solver, new DataLoader(Data, Augmentation, new LoaderOptions(Batch, seed) { Workers = workers }));
    }

    /// <summary>As it is in training: random cuts of 12×12, mirrored.</summary>
    public static Augmentation Augmentation => new(new Shape(3, 12, 12)) { Crop = new RandomCrop(), Mirror = true, Mean = new BgrMean(128, 128, 128), Scale = 1 / 64f };

    public Dataset Data { get; }

    public Node Scores { get; }

    public ParameterSet Parameters { get; }

    public Net Net { get; }

    public Solver Solver { get; }

    public Trainer Trainer { get; }

    public Solver Make(string name, Schedule schedule, int accumulate = 1) => name switch
    {
        "adam" => new AdamSolver(Parameters) { Rate = schedule, Decay = 1e-3f, Accumulate = accumulate },
        "rmsprop" => new RmsPropSolver(Parameters) { Rate = schedule, Decay = 1e-3f, Accumulate = accumulate },
        "clipped" => new SgdSolver(Parameters) { Rate = schedule, Momentum = 0.9f, Nesterov = true, ClipNorm = 1, Accumulate = accumulate },
        _ => new SgdSolver(Parameters) { Rate = schedule, Momentum = 0.9f, Decay = 1e-3f, Accumulate = accumulate },
    };

    public Evaluator Judge(Dataset? data = null, int views = 1, int batch = 5, int workers = 1) => new(Parameters, Scores,
        new DataLoader(data ?? Data, Augmentation with { Crop = views == 1 ? new CentreCrop() : new TenCrop(), Mirror = false }, LoaderOptions.Once(batch, 1) with { Workers = workers }));

    /// <summary>Takes steps until there are so many, and returns their losses.</summary>
    public double[] Train(int iterations) => [.. Trainer.Steps(iterations).Select(s => s.Loss)];

    /// <summary>The whole state, as it is saved.</summary>
    public byte[] State()
    {
        using var folder = new TemporaryFolder();
        TrainingState.Save(folder["state"], Trainer);
        return File.ReadAllBytes(folder["state"]);
    }

    /// <summary>The bits of every parameter.</summary>
    public int[] Bits() => [.. Parameters.All.SelectMany(p => p.Read()).Select(BitConverter.SingleToInt32Bits)];

    public void Dispose()
    {
        Net.Dispose();
        Solver.Dispose();
        Parameters.Dispose();
        backend.Dispose();
    }
}
