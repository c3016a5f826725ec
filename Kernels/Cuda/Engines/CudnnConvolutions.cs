using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>What is computed of a convolution.</summary>
internal enum ConvolutionPass
{
    /// <summary>The output by the input and the weights.</summary>
    Forward,

    /// <summary>The input's gradient.</summary>
    Data,

    /// <summary>The weights' gradient.</summary>
    Weights,
}

/// <summary>
/// Convolutions by cuDNN on the device's stream. Only algorithms that give the same bits each time are taken. In bfloat16 the operands are converted before and
/// the result after each call, in the pass's scratch memory.
/// </summary>
internal sealed unsafe class CudnnConvolutions : IDisposable
{
    // The largest of cudnnGetConvolution…AlgorithmMaxCount is 8; a few may be listed with and without tensor cores.
    private const int MostAlgorithms = 16;
    private readonly Precision precision;
    private readonly long workspaceBytes;
    private nint handle;

    /// <summary>Makes the library's context for the device.</summary>
    /// <exception cref="CudaException">It fails.</exception>
    public CudnnConvolutions(CudaDevice device, CuDnn dnn, Precision precision, long workspaceBytes)
    {
        (Device, Dnn, this.precision, this.workspaceBytes) = (device, dnn, precision, workspaceBytes);
        device.MakeCurrent();
        nint made;
        dnn.Check(dnn.cudnnCreate(&made));
        handle = made;
        try
        {
            dnn.Check(dnn.cudnnSetStream(handle, device.Stream));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public CudaDevice Device { get; }

    public CuDnn Dnn { get; }

    public nint Handle => handle;

    /// <summary>A handle serves one thread at a time.</summary>
    public Lock Use { get; } = new();

    /// <summary>What the operands are converted to.</summary>
    private CudnnDataType Type => precision == Precision.Bf16 ? CudnnDataType.Bfloat16 : CudnnDataType.Float;

    /// <summary>The library's ways to compute a pass, the most promising first; none where it has none. relu: of the forward pass.</summary>
    public IEnumerable<CudaCandidate> Candidates(ConvolutionPass pass, WindowSize size, bool relu)
    {
        foreach (CudnnAlgorithm algorithm in Algorithms(pass, size))
        {
            var chosen = new CudnnChoice(pass, algorithm.Number, algorithm.Math, Type, (long)algorithm.WorkspaceBytes);
            yield return new CudaCandidate($"cudnn {algorithm.Number}.{(int)algorithm.Math}", Narrow.Of(size, Type).Bytes + chosen.WorkspaceBytes,
                operands => Type == CudnnDataType.Bfloat16 ? BindNarrow(chosen, size, relu, operands) : Bind(chosen, size, relu, operands));
        }
    }

    public void Dispose()
    {
        if (handle == 0) return;
        _ = Dnn.cudnnDestroy(handle);
        handle = 0;
    }

    private List<CudnnAlgorithm> Algorithms(ConvolutionPass pass, in WindowSize size)
    {
        using var problem = new CudnnProblem(Dnn, size, Type);
        CudnnAlgorithm* found = stackalloc CudnnAlgorithm[MostAlgorithms];
        int count = 0;
        Device.MakeCurrent();
        problem.Allow(precision == Precision.Fp32 ? CudnnMath.Fma : precision == Precision.Tf32 ? CudnnMath.Default : CudnnMath.TensorOp);
        CudnnStatus status;
        lock (Use)
            status = pass switch
            {
                ConvolutionPass.Forward => Dnn.cudnnGetConvolutionForwardAlgorithm_v7(handle, problem.Input, problem.Weights, problem.Window, problem.Output, MostAlgorithms, &count, found),
                ConvolutionPass.Data => Dnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, problem.Weights, problem.Output, problem.Window, problem.Input, MostAlgorithms, &count, found),
                _ => Dnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, problem.Input, problem.Output, problem.Window, problem.Weights, MostAlgorithms, &count, found),
            };
        if (CuDnn.IsUnsupported(status)) return [];
        Dnn.Check(status, $"cudnnGetConvolution{(pass == ConvolutionPass.Forward ? "Forward" : pass == ConvolutionPass.Data ? "BackwardData" : "BackwardFilter")}Algorithm_v7");
        List<CudnnAlgorithm> algorithms = [];
        for (int i = 0; i < count; i++)
        {
            CudnnAlgorithm a = found[i];
            // Conversion would go through half precision, whose range the gradients do not fit.
            if (a.Status != CudnnStatus.Success || a.Determinism != CudnnDeterminism.Deterministic || a.Math == CudnnMath.TensorOpWithConversion) continue;
            // The descriptor decides, whatever the list says: this is what keeps TF32 out of float32.
            if (precision == Precision.Fp32) a.Math = CudnnMath.Fma;
            if (algorithms.Any(other => (other.Number, other.Math) == (a.Number, a.Math))) continue;
            problem.Allow(a.Math);
            if (WorkspaceBytes(pass, problem, a.Number) is not { } bytes || bytes > workspaceBytes) continue;
            a.WorkspaceBytes = (nuint)bytes;
            algorithms.Add(a);
        }
        return algorithms;
    }

    private long? WorkspaceBytes(ConvolutionPass pass, CudnnProblem p, int number)
    {
        nuint bytes = 0;
        CudnnStatus status;
        lock (Use)
            status = pass switch
            {
                ConvolutionPass.Forward => Dnn.cudnnGetConvolutionForwardWorkspaceSize(handle, p.Input, p.Weights, p.Window, p.Output, number, &bytes),
                ConvolutionPass.Data => Dnn.cudnnGetConvolutionBackwardDataWorkspaceSize(handle, p.Weights, p.Output, p.Window, p.Input, number, &bytes),
                _ => Dnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, p.Input, p.Output, p.Window, p.Weights, number, &bytes),
            };
        return status == CudnnStatus.Success ? (long)bytes : null;
    }

    private ICudaWork[] Bind(CudnnChoice c, WindowSize s, bool relu, CudaOperands o)
    {
        bool adds = c.Pass == ConvolutionPass.Weights || (c.Pass == ConvolutionPass.Data && o.Accumulate);
        var work = new CudnnWork(this, c, s, o.Input, o.Weight, o.Output, o.Scratch, adds);
        return c.Pass == ConvolutionPass.Forward ? [work, AffineOutput.Of(Device, s.Outputs, s.Rows * s.Columns, OutputCount(s), relu, o)] : [work];
    }

    private ICudaWork[] BindNarrow(CudnnChoice c, WindowSize s, bool relu, CudaOperands o)
    {
        Narrow narrow = Narrow.Of(s, c.Type);
        ulong input = o.Scratch, weight = input + (ulong)narrow.InputBytes, output = weight + (ulong)narrow.WeightBytes;
        var work = new CudnnWork(this, c, s, input, weight, output, output + (ulong)narrow.OutputBytes, accumulate: false);
        CudaLaunch In(long count, ulong from, ulong to) => new(Device, "to_bfloat16", CudaGrid.Elements(count)) { count, from, to };
        CudaLaunch Out(long count, ulong from, ulong to, bool accumulate) => new(Device, "from_bfloat16", CudaGrid.Elements(count)) { count, from, to, accumulate };
        return c.Pass switch
        {
            ConvolutionPass.Forward =>
                [In(InputCount(s), o.Input, input), In(WeightCount(s), o.Weight, weight), work, AffineOutput.OfBfloat16(Device, s.Outputs, s.Rows * s.Columns, OutputCount(s), relu, output, o)],
            ConvolutionPass.Data => [In(WeightCount(s), o.Weight, weight), In(OutputCount(s), o.Output, output), work, Out(InputCount(s), input, o.Input, o.Accumulate)],
            _ => [In(InputCount(s), o.Input, input), In(OutputCount(s), o.Output, output), work, Out(WeightCount(s), weight, o.Weight, accumulate: true)],
        };
    }

    private static long InputCount(in WindowSize s) => (long)s.Batch * s.Channels * s.Height * s.Width;

    private static long WeightCount(in WindowSize s) => (long)s.Outputs * (s.Channels / s.Groups) * s.KernelHeight * s.KernelWidth;

    private static long OutputCount(in WindowSize s) => (long)s.Batch * s.Outputs * s.Rows * s.Columns;

    // Room for the operands in bfloat16, where they are converted.
    private readonly record struct Narrow(long InputBytes, long WeightBytes, long OutputBytes)
    {
        public long Bytes => InputBytes + WeightBytes + OutputBytes;

        public static Narrow Of(in WindowSize s, CudnnDataType type) => type == CudnnDataType.Bfloat16
            ? new(CudaCandidate.Align(InputCount(s) * sizeof(ushort)), CudaCandidate.Align(WeightCount(s) * sizeof(ushort)), CudaCandidate.Align(OutputCount(s) * sizeof(ushort)))
            : default;
    }
}

/// <summary>An algorithm of cuDNN for a pass, in which arithmetic, on what data, and what it needs.</summary>
internal readonly record struct CudnnChoice(ConvolutionPass Pass, int Number, CudnnMath Math, CudnnDataType Type, long WorkspaceBytes);

/// <summary>One pass of a convolution by cuDNN with its operands; owns its descriptors.</summary>
internal sealed unsafe class CudnnWork : ICudaWork, IDisposable
{
    private readonly CudnnConvolutions owner;
    private readonly CudnnChoice choice;
    private readonly CudnnProblem problem;
    private readonly ulong input, weight, output, workspace;
    private readonly float beta;

    public CudnnWork(CudnnConvolutions owner, CudnnChoice choice, in WindowSize size, ulong input, ulong weight, ulong output, ulong workspace, bool accumulate)
    {
        (this.owner, this.choice, this.input, this.weight, this.output) = (owner, choice, input, weight, output);
        this.workspace = choice.WorkspaceBytes == 0 ? 0 : workspace;
        beta = accumulate ? 1 : 0;
        problem = new CudnnProblem(owner.Dnn, size, choice.Type);
        problem.Allow(choice.Math);
    }

    public void Run()
    {
        CuDnn dnn = owner.Dnn;
        float one = 1, adds = beta;
        nuint bytes = (nuint)choice.WorkspaceBytes;
        owner.Device.MakeCurrent();
        lock (owner.Use)
        {
            switch (choice.Pass)
            {
                case ConvolutionPass.Forward:
                    dnn.Check(dnn.cudnnConvolutionForward(owner.Handle, &one, problem.Input, input, problem.Weights, weight, problem.Window, choice.Number, workspace, bytes, &adds, problem.Output, output));
                    break;
                case ConvolutionPass.Data:
                    dnn.Check(dnn.cudnnConvolutionBackwardData(owner.Handle, &one, problem.Weights, weight, problem.Output, output, problem.Window, choice.Number, workspace, bytes, &adds, problem.Input, input));
                    break;
                default:
                    dnn.Check(dnn.cudnnConvolutionBackwardFilter(owner.Handle, &one, problem.Input, input, problem.Output, output, problem.Window, choice.Number, workspace, bytes, &adds, problem.Weights, weight));
                    break;
            }
        }
    }

    public void Dispose() => problem.Dispose();
}
