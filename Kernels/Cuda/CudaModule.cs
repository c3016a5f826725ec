using System.Text;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// The kernels as this assembly carries them: PTX for every GPU since Turing (compute capability 7.5), which the driver compiles for the one it has. Its
/// first line names the source that it was made from.
/// </summary>
internal static unsafe class CudaModule
{
    private const string Resource = "NativeKernels.ptx";
    private const int LogBytes = 8192;

    /// <summary>The PTX.</summary>
    public static string Ptx
    {
        get
        {
            using Stream stream = typeof(CudaModule).Assembly.GetManifestResourceStream(Resource) ?? throw new CudaException($"this build carries no {Resource}; build it with build.sh Kernels");
            using var text = new StreamReader(stream, Encoding.UTF8);
            return text.ReadToEnd();
        }
    }

    /// <summary>Loads the kernels into the current context.</summary>
    /// <exception cref="CudaException">The driver cannot compile them for its GPU; the message holds what it says.</exception>
    public static nint Load(CudaDriver driver)
    {
        byte[] image = Encoding.UTF8.GetBytes(Ptx + "\0"), log = new byte[LogBytes];
        CudaJitOption* options = stackalloc CudaJitOption[] { CudaJitOption.ErrorLogBuffer, CudaJitOption.ErrorLogBufferSizeBytes };
        nint module;
        fixed (byte* text = image, errors = log)
        {
            void** values = stackalloc void*[] { errors, (void*)LogBytes };
            CudaResult result = driver.cuModuleLoadDataEx(&module, text, 2, options, values);
            if (result == CudaResult.Success) return module;
            string said = Encoding.UTF8.GetString(log).TrimEnd('\0').Trim();
            CudaException failure = driver.Failure(result, nameof(driver.cuModuleLoadDataEx));
            throw said.Length == 0 ? failure : new CudaException($"{failure.Message}\n{said}", failure.Code);
        }
    }
}
