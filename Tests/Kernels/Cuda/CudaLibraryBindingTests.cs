using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Bindings of the vendor's libraries against facts of the public headers of CUDA 12.6 and cuDNN 9.6.</summary>
public sealed class CudaLibraryBindingTests
{
    // In the order of the arguments: i a 32-bit number or enum, p a pointer of the host or the device, h a handle, z a size, l and L 64 bits; after a colon what comes
    // back where it is not a status.
    private static readonly Dictionary<Type, string> Signatures = new()
    {
        [typeof(CuBlas)] = """
            cublasGetProperty ip | cublasGetStatusName i:p | cublasCreate_v2 p | cublasDestroy_v2 h | cublasSetStream_v2 hh | cublasSetWorkspace_v2 hpz
            cublasSetMathMode hi | cublasGemmEx hiiiiippiipiippiiii
            """,
        [typeof(CuBlasLt)] = """
            cublasLtGetVersion :z | cublasLtGetStatusName i:p | cublasLtCreate p | cublasLtDestroy h | cublasLtMatmulDescCreate pii | cublasLtMatmulDescDestroy h
            cublasLtMatmulDescSetAttribute hipz | cublasLtMatrixLayoutCreate piLLl | cublasLtMatrixLayoutDestroy h | cublasLtMatmulPreferenceCreate p
            cublasLtMatmulPreferenceDestroy h | cublasLtMatmulPreferenceSetAttribute hipz | cublasLtMatmulAlgoGetHeuristic hhhhhhhipp | cublasLtMatmul hhpphphpphphppzh
            """,
        [typeof(CuDnn)] = """
            cudnnGetVersion :z | cudnnGetErrorString i:p | cudnnGetLastErrorString pz:0 | cudnnCreate p | cudnnDestroy h | cudnnSetStream hh
            cudnnCreateTensorDescriptor p | cudnnDestroyTensorDescriptor h | cudnnSetTensor4dDescriptor hiiiiii
            cudnnCreateFilterDescriptor p | cudnnDestroyFilterDescriptor h | cudnnSetFilter4dDescriptor hiiiiii
            cudnnCreateConvolutionDescriptor p | cudnnDestroyConvolutionDescriptor h | cudnnSetConvolution2dDescriptor hiiiiiiii
            cudnnSetConvolutionGroupCount hi | cudnnSetConvolutionMathType hi
            cudnnGetConvolutionForwardAlgorithm_v7 hhhhhipp | cudnnGetConvolutionBackwardDataAlgorithm_v7 hhhhhipp | cudnnGetConvolutionBackwardFilterAlgorithm_v7 hhhhhipp
            cudnnGetConvolutionForwardWorkspaceSize hhhhhip | cudnnGetConvolutionBackwardDataWorkspaceSize hhhhhip | cudnnGetConvolutionBackwardFilterWorkspaceSize hhhhhip
            cudnnConvolutionForward hphphphipzphp | cudnnConvolutionBackwardData hphphphipzphp | cudnnConvolutionBackwardFilter hphphphipzphp
            """,
        [typeof(CuSolver)] = """
            cusolverGetProperty ip | cusolverDnCreate p | cusolverDnDestroy h | cusolverDnSetStream hh | cusolverDnSsyevd_bufferSize hiiipipp | cusolverDnSsyevd hiiipippip
            """,
    };

    private static IEnumerable<Type> Bindings => Signatures.Keys;

    [Test]
    public void Every_function_takes_what_the_header_says([ValueSource(nameof(Bindings))] Type binding)
    {
        Dictionary<string, string> facts = Signatures[binding].Split(['|', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToDictionary(f => f.Split(' ')[0], f => f.Split(' ')[1]);
        FieldInfo[] functions = [.. binding.GetFields(BindingFlags.Public | BindingFlags.Instance).Where(f => f.FieldType.IsFunctionPointer)];
        Assert.That(functions.Select(f => f.Name), Is.EquivalentTo(facts.Keys));
        foreach (FieldInfo function in functions)
        {
            string[] fact = facts[function.Name].Split(':');
            Assert.That(string.Concat(function.FieldType.GetFunctionPointerParameterTypes().Select(Kind)), Is.EqualTo(Wide(fact[0])), function.Name);
            Type returned = function.FieldType.GetFunctionPointerReturnType();
            Assert.That(fact.Length == 1 ? "status" : fact[1], Is.EqualTo(returned.IsEnum ? "status" : returned == typeof(void) ? "0" : returned == typeof(nuint) ? "z" : "p"), function.Name);
            Assert.That(!returned.IsEnum || returned.Name.EndsWith("Status", StringComparison.Ordinal), function.Name);
        }
    }

    [TestCase(typeof(CublasStatus), "NotInitialized", 1)]
    [TestCase(typeof(CublasStatus), "InvalidValue", 7)]
    [TestCase(typeof(CublasStatus), "ExecutionFailed", 13)]
    [TestCase(typeof(CublasStatus), "NotSupported", 15)]
    [TestCase(typeof(CublasOperation), "Transpose", 1)]
    [TestCase(typeof(CublasFillMode), "Lower", 0)]
    [TestCase(typeof(CublasMath), "Default", 0)]
    [TestCase(typeof(CublasMath), "Tf32TensorOp", 3)]
    [TestCase(typeof(CublasComputeType), "Float32", 68)]
    [TestCase(typeof(CublasComputeType), "Float32Pedantic", 69)]
    [TestCase(typeof(CublasComputeType), "Float32FastBfloat16", 75)]
    [TestCase(typeof(CublasComputeType), "Float32FastTf32", 77)]
    [TestCase(typeof(CudaDataType), "Float32", 0)]
    [TestCase(typeof(CudaDataType), "Bfloat16", 14)]
    [TestCase(typeof(CublasGemmAlgorithm), "Default", -1)]
    [TestCase(typeof(CudaLibraryProperty), "Patch", 2)]
    [TestCase(typeof(CublasLtProductAttribute), "TransposeA", 3)]
    [TestCase(typeof(CublasLtProductAttribute), "TransposeB", 4)]
    [TestCase(typeof(CublasLtPreferenceAttribute), "MaxWorkspaceBytes", 1)]
    [TestCase(typeof(CublasLtPreferenceAttribute), "MinAlignmentABytes", 5)]
    [TestCase(typeof(CublasLtPreferenceAttribute), "MinAlignmentDBytes", 8)]
    [TestCase(typeof(CudnnStatus), "NotInitialized", 1001)]
    [TestCase(typeof(CudnnStatus), "BadParameter", 2000)]
    [TestCase(typeof(CudnnStatus), "NotSupported", 3000)]
    [TestCase(typeof(CudnnStatus), "ExecutionFailed", 5000)]
    [TestCase(typeof(CudnnFormat), "Nchw", 0)]
    [TestCase(typeof(CudnnDataType), "Float", 0)]
    [TestCase(typeof(CudnnDataType), "Bfloat16", 9)]
    [TestCase(typeof(CudnnConvolutionMode), "CrossCorrelation", 1)]
    [TestCase(typeof(CudnnMath), "Default", 0)]
    [TestCase(typeof(CudnnMath), "TensorOp", 1)]
    [TestCase(typeof(CudnnMath), "TensorOpWithConversion", 2)]
    [TestCase(typeof(CudnnMath), "Fma", 3)]
    [TestCase(typeof(CudnnDeterminism), "Deterministic", 1)]
    [TestCase(typeof(CusolverStatus), "NotInitialized", 1)]
    [TestCase(typeof(CusolverEigenMode), "Vectors", 1)]
    public void A_value_is_the_headers(Type type, string name, int value) => Assert.That((int)Enum.Parse(type, name), Is.EqualTo(value));

    [Test]
    public void Structs_that_the_libraries_fill_lie_as_theirs()
    {
        Assert.That(Unsafe.SizeOf<CudnnAlgorithm>(), Is.EqualTo(48));
        Assert.That(Offsets(typeof(CudnnAlgorithm), "Number", "Status", "Milliseconds", "WorkspaceBytes", "Determinism", "Math"), Is.EqualTo((int[])[0, 4, 8, 16, 24, 28]));
        Assert.That(Unsafe.SizeOf<CublasLtHeuristic>(), Is.EqualTo(96));
        Assert.That(Offsets(typeof(CublasLtHeuristic), "Algorithm", "WorkspaceBytes", "State", "Waves"), Is.EqualTo((int[])[0, 64, 72, 76]));
    }

    [Test]
    public void A_version_is_read_as_each_library_writes_it()
    {
        Emulator emulator = Emulator.Require();
        nint library = emulator.Load(CudaLibraries.CuDnn).Handle;
        emulator.SetVersion("cudnn", 92301);
        Assert.That(new CuDnn(library, "").Version, Is.EqualTo(new Version(9, 23, 1)));
        emulator.SetVersion("cudnn", 8907);
        Assert.That(new CuDnn(library, "").Version, Is.EqualTo(new Version(8, 9, 7)), "as it was written before 9");
        emulator.SetVersion("cublasLt", 120405);
        Assert.That(new CuBlasLt(library, "").Version, Is.EqualTo(new Version(12, 4, 5)));
        emulator.SetVersion("cublas", 120405);
        Assert.That(new CuBlas(library, "").Version, Is.EqualTo(new Version(12, 4, 5)));
        Assert.That(new CuSolver(library, "").Version.Major, Is.EqualTo(12));
        NativeLibraryStatus status = CudaLibraries.WithVersion(emulator.Load(CudaLibraries.CuBlas));
        Assert.That(status.Version, Is.EqualTo("12.4.5"));
    }

    [Test]
    public void A_failed_call_names_itself_its_status_and_what_the_library_says()
    {
        Emulator emulator = Emulator.Require();
        nint library = emulator.Load(CudaLibraries.CuDnn).Handle;
        CuDnn dnn = new(library, "");
        unsafe
        {
            Assert.That(() => dnn.Check(dnn.cudnnSetStream(5, 0)), Throws.TypeOf<CudaException>().With.Message.EqualTo("cudnnSetStream failed: CUDNN_STATUS_BAD_PARAM (2000): no such handle or stream"));
            CuBlas blas = new(library, "");
            Assert.That(() => blas.Check(blas.cublasSetMathMode(5, CublasMath.Default)), Throws.TypeOf<CudaException>().With.Message.EqualTo("cublasSetMathMode failed: CUBLAS_STATUS_NOT_INITIALIZED (1)"));
        }
        Assert.That(CuDnn.IsUnsupported((CudnnStatus)3007) && !CuDnn.IsUnsupported((CudnnStatus)2003));
    }

    [Test]
    public void Every_library_has_names_for_both_majors_and_systems()
    {
        foreach (CudaLibrary library in CudaLibraries.Descriptions) Assert.That(library.Linux, Has.Length.EqualTo(library.Windows.Length).And.Length.EqualTo(library.Name is "cuDNN" or "CUDA driver" ? 1 : 2));
        Assert.That(CudaLibraries.CuBlas.At(1).Linux, Is.EqualTo((string[])["libcublas.so.12"]));
        Assert.That(CudaLibraries.CuSolver.At(0).Windows, Is.EqualTo((string[])["cusolver64_12.dll"]), "of CUDA 13");
    }

    private static int[] Offsets(Type type, params string[] fields) => [.. fields.Select(f => type.GetField(f)!.GetCustomAttribute<FieldOffsetAttribute>()!.Value)];

    private static string Wide(string signature) => string.Concat(signature.Select(c => c == 'i' ? 'i' : 'L'));

    // All that is 64 bits wide is passed alike.
    private static char Kind(Type type) => type == typeof(int) || type == typeof(uint) || type.IsEnum ? 'i'
        : type.IsPointer || type == typeof(nint) || type == typeof(nuint) || type == typeof(ulong) || type == typeof(long) ? 'L' : throw new ArgumentException($"{type}");
}
