using System.Globalization;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// The vendor's libraries on a device, those that are there and work, and the choice between them and the own kernels. A library that is not there is
/// missed by nobody; one that is there and fails is told of in <see cref="Warnings"/>, and own kernels take its place.
/// </summary>
internal sealed class CudaEngines : IDisposable
{
    private const string EnginesVariable = "EVENNET_CUDA_ENGINES";

    // The first of a library's names is that of CUDA 13, whose libraries an older driver cannot serve.
    private const int NewestDriver = 13_000, OldestMajor = 12;
    private readonly CudaDevice device;
    private readonly Precision precision;
    private readonly long workspaceBytes;
    private readonly List<string> warnings = [], versions = [];
    private readonly Action<string>? warn;
    private readonly CublasLtProducts? lt;
    private readonly CudnnConvolutions? convolutions;
    private readonly Lazy<CudaEigenSolver?>? eigen;

    /// <summary>Opens what is found.</summary>
    /// <param name="device">The device.</param>
    /// <param name="options">Precision, limits and cache.</param>
    /// <param name="load">Looks for a library; null: none is used.</param>
    public CudaEngines(CudaDevice device, CudaOptions options, Func<CudaLibrary, NativeLibraries.Library>? load)
    {
        this.device = device;
        (precision, workspaceBytes, warn) = (options.Precision, options.WorkspaceBytes, options.Warn);
        if (load is not null && options.UseLibraries && Environment.GetEnvironmentVariable(EnginesVariable) != CudaCandidate.Own)
        {
            (Products, lt, int place) = OpenProducts(load);
            convolutions = OpenConvolutions(load);
            eigen = new Lazy<CudaEigenSolver?>(() => OpenEigen(load, place));
        }
        if (precision != Precision.Fp32 && Products is null && convolutions is null)
            Tell($"{Text(precision)} is a way of cuBLAS and cuDNN to compute, and neither is used: everything is computed in float32");
        (int major, int minor) = device.ComputeCapability;
        Tuner = new CudaTuner(device, new CudaTuningCache(options.CacheFile, string.Join(", ", (string[])[device.Name, $"{major}.{minor}", $"driver {device.Driver.Version}", .. versions])), Tell);
    }

    /// <summary>Chooses between ways to compute the same.</summary>
    public CudaTuner Tuner { get; }

    /// <summary>Products by cuBLAS, or null.</summary>
    public CublasProducts? Products { get; }

    /// <summary>Eigenvectors by cuSOLVER, or null; the library is opened when it is first asked for.</summary>
    public CudaEigenSolver? Eigen => eigen?.Value;

    /// <summary>Libraries that were found and cannot be used, and algorithms that failed, with the reasons.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>«cuBLAS 13.0.1, cuDNN 9.6.0, tf32»; null without libraries.</summary>
    public string? Description => versions.Count == 0 ? null : string.Join(", ", (string[])[.. versions, Text(precision)]);

    /// <summary>How a pass of a convolution is computed. relu: of the forward pass; own: by the own kernels.</summary>
    public CudaCandidate Choose(ConvolutionPass pass, in WindowSize s, bool relu, CudaCandidate own)
    {
        string question = string.Create(CultureInfo.InvariantCulture,
            $"convolution {pass} {precision}, {s.Batch}×{s.Channels}×{s.Height}×{s.Width} to {s.Outputs}×{s.Rows}×{s.Columns}, window {s.KernelHeight}×{s.KernelWidth}, stride {s.StrideHeight}×{s.StrideWidth}, "
            + $"pad {s.PadHeight}×{s.PadWidth}, dilation {s.DilationHeight}×{s.DilationWidth}, groups {s.Groups}").ToLowerInvariant();
        List<CudaCandidate> candidates = [own];
        try
        {
            if (convolutions is not null) candidates = [.. convolutions.Candidates(pass, s, relu), own];
        }
        catch (CudaException error) when (!device.IsBroken)
        {
            Tell($"cuDNN is not used for {question}: {error.Message}");
        }
        long weights = (long)s.Outputs * (s.Channels / s.Groups) * s.KernelHeight * s.KernelWidth;
        return Tuner.Choose(question, candidates, new((long)s.Batch * s.Channels * s.Height * s.Width, weights, (long)s.Batch * s.Outputs * s.Rows * s.Columns, s.Outputs));
    }

    /// <summary>How a pass of an inner product is computed. parts: the product's operands among the pass's; after: what follows the product.</summary>
    public CudaCandidate Choose(string pass, CudaProduct product, Func<CudaOperands, CudaProductParts> parts, Func<CudaOperands, ICudaWork[]> after, in CudaOperandCounts counts, CudaCandidate own)
    {
        string question = FormattableString.Invariant($"{pass} {precision}, {product.M}×{product.K} by {product.K}×{product.N}").ToLowerInvariant();
        List<CudaCandidate> candidates = [];
        CublasComputeType type = CublasProducts.ComputeType(precision);
        if (Products is { } products)
            candidates.Add(new("cublas", ScratchBytes: 0, o =>
            {
                CudaProductParts p = parts(o);
                return [new CublasWork(products, product, type, p.A, p.B, p.C, p.Accumulate), .. after(o)];
            }));
        try
        {
            if (lt is { } library)
                foreach ((int i, CublasLtHeuristic algorithm) in library.Algorithms(product, type, workspaceBytes).Index())
                    candidates.Add(new($"cublaslt {i}", (long)algorithm.WorkspaceBytes, o =>
                    {
                        CudaProductParts p = parts(o);
                        return [new CublasLtWork(library, product, type, algorithm, p.A, p.B, p.C, p.Accumulate, o.Scratch), .. after(o)];
                    }));
        }
        catch (CudaException error) when (!device.IsBroken)
        {
            Tell($"cuBLASLt is not used for {question}: {error.Message}");
        }
        return Tuner.Choose(question, [.. candidates, own], counts);
    }

    public void Dispose()
    {
        if (eigen is { IsValueCreated: true }) eigen.Value?.Dispose();
        convolutions?.Dispose();
        lt?.Dispose();
        Products?.Dispose();
    }

    private void Tell(string warning)
    {
        warnings.Add(warning);
        warn?.Invoke(warning);
    }

    private static string Text(Precision precision) => $"{precision}".ToLowerInvariant();

    // The newest that the driver can serve and that works; its place among the names is that of the other libraries of the same CUDA.
    private (CublasProducts? Products, CublasLtProducts? Lt, int Place) OpenProducts(Func<CudaLibrary, NativeLibraries.Library> load)
    {
        int places = CudaLibraries.CuBlas.Linux.Length;
        for (int place = device.Driver.Version >= NewestDriver ? 0 : 1; place < places; place++)
        {
            // cuBLAS needs the other one, and finds it loaded.
            NativeLibraries.Library light = load(CudaLibraries.CuBlasLt.At(place)), whole = load(CudaLibraries.CuBlas.At(place));
            if (Open("cuBLAS", whole, OpenBlas) is not { } products) continue;
            return (products, Open("cuBLASLt", light, OpenLt), place);
        }
        return (null, null, places - 1);
    }

    private CublasProducts OpenBlas(NativeLibraries.Library library)
    {
        var blas = new CuBlas(library.Handle, library.Status.Path!);
        if (blas.Version.Major < OldestMajor) throw new CudaException($"it is version {blas.Version}, and {OldestMajor} or later is needed");
        var products = new CublasProducts(device, blas);
        versions.Add($"cuBLAS {blas.Version}");
        return products;
    }

    private CublasLtProducts OpenLt(NativeLibraries.Library library) => new(device, new CuBlasLt(library.Handle, library.Status.Path!));

    private CudnnConvolutions? OpenConvolutions(Func<CudaLibrary, NativeLibraries.Library> load) => Open("cuDNN", load(CudaLibraries.CuDnn), library =>
    {
        var dnn = new CuDnn(library.Handle, library.Status.Path!);
        if (dnn.Version.Major != CuDnn.Major) throw new CudaException($"it is version {dnn.Version}, and {CuDnn.Major} is needed");
        var made = new CudnnConvolutions(device, dnn, precision, workspaceBytes);
        versions.Add($"cuDNN {dnn.Version}");
        return made;
    });

    private CudaEigenSolver? OpenEigen(Func<CudaLibrary, NativeLibraries.Library> load, int place) =>
        Open("cuSOLVER", load(CudaLibraries.CuSolver.At(place)), library => new CudaEigenSolver(device, new CuSolver(library.Handle, library.Status.Path!)));

    // What is not there is not missed; what is there and fails is told of.
    private T? Open<T>(string name, NativeLibraries.Library library, Func<NativeLibraries.Library, T> open) where T : class
    {
        if (!library.Status.IsFound)
        {
            if (library.Status.Problem is { } problem) Tell($"{name} is not used: {problem}");
            return null;
        }
        try
        {
            return open(library);
        }
        catch (CudaException error) when (!device.IsBroken)
        {
            Tell($"{name} ({library.Status.Path}) is not used: {error.Message}");
            return null;
        }
    }
}
