using System.Text.Json;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;

namespace EvenNet.Tests.Interop;

public sealed class CaffeSolverTests
{
    [Test]
    public void Rates_follow_caffes_policies()
    {
        JsonElement entry = SharedData.Golden("lr_policies");
        foreach (JsonProperty policy in entry.GetProperty("policies").EnumerateObject())
        {
            CaffeSolverFile solver = CaffeSolverFile.Parse($"{policy.Value.GetString()} max_iter: 20", "solver.prototxt");
            (_, float[] rates) = SharedData.GoldenTensor(entry, $"lr/{policy.Name}");
            for (int i = 0; i < rates.Length; i++) Assert.That(solver.Rate.At(i), Is.EqualTo(rates[i]).Within(1e-6 * rates[i]), $"{policy.Name}, iteration {i}");
        }
    }

    // Net, solver and factors on rates and decay all come from Caffe's files; the weights after three steps are Caffe's.
    [TestCase("small_trained")]
    [TestCase("solver_sgd")]
    [TestCase("solver_sgd_step")]
    [TestCase("solver_sgd_l1")]
    [TestCase("solver_sgd_clip")]
    [TestCase("solver_rmsprop")]
    [TestCase("solver_adam")]
    public void Training_from_caffes_files_takes_caffes_steps(string name)
    {
        Golden golden = Golden.Open(name);
        JsonElement entry = SharedData.Golden(name);
        string solverPath = SharedData.Require("goldens", entry.GetProperty("solver").GetString()!);
        CaffeSolverFile file = CaffeSolverFile.Read(solverPath);
        CaffeGraph read = CaffeFile.ReadText(Path.Combine(Path.GetDirectoryName(solverPath)!, file.NetPath!)).Graph(new CaffeState { Phase = Phase.Train });
        using Backend reference = Backends.Open("reference");
        using var parameters = new ParameterSet(read.Graph, reference);
        read.ApplyMultipliers(parameters);
        Parameter Find(string blob) => parameters.Of(read.Graph[blob[..blob.LastIndexOf('/')]])[int.Parse(blob[(blob.LastIndexOf('/') + 1)..])];
        foreach (string blob in golden.Under("step0/param")) Find(blob).Write(golden[$"step0/param/{blob}"]);
        string[] inputs = [.. golden.Under("step1/in")];
        using var net = new Net(parameters, golden.Shape($"step1/in/{inputs[0]}")[0]);
        using Solver solver = file.Open(parameters);
        for (int step = 1; step <= 3; step++)
        {
            foreach (string input in inputs) net.Load(read.Graph[input], golden[$"step{step}/in/{input}"]);
            net.Forward();
            net.Backward();
            Assert.That(solver.CurrentRate, Is.EqualTo(golden[$"step{step}/lr"][0]).Within(1e-8));
            solver.Step();
            foreach (string blob in golden.Under($"step{step}/param"))
                Assert.That(Sample.RelativeError([.. golden[$"step{step}/param/{blob}"].Select(v => (double)v)], Find(blob).ReadExact()), Is.LessThan(1e-5), $"step {step}, {blob}");
        }
    }

    [TestCase("base_lr: 0.1", "has no lr_policy")]
    [TestCase("base_lr: 0.1 lr_policy: \"cosine\"", "the lr_policy cosine is not known; there are fixed, step")]
    [TestCase("base_lr: 0.1 lr_policy: \"fixed\" type: \"AdaGrad\"", "the solver AdaGrad is not supported; there are SGD")]
    [TestCase("base_lr: 0.1 lr_policy: \"step\" gamma: 0.1", "lr_policy step")]
    public void What_is_not_supported_is_said(string text, string message) =>
        Assert.That(Assert.Throws<NetFormatException>(() => CaffeSolverFile.Parse(text, "solver.prototxt"))!.Message, Does.StartWith("solver.prototxt: ").And.Contain(message));
}
