using System.Text;

namespace EvenNet.Kernels.Cuda;

/// <summary>What this machine has of CUDA: for <c>doctor</c>, and for the error of who asks for a device that is not there.</summary>
public static unsafe class CudaSystem
{
    /// <summary>Each library that can be used: where it was found, or every name that was tried. None of them is needed unless a CUDA device is asked for.</summary>
    public static IReadOnlyList<NativeLibraryStatus> Libraries => CudaLibraries.All;

    /// <summary>What there is: «cuda:0 NVIDIA H200, compute capability 9.0, 143,771 MB, driver for CUDA 13.0». Never throws; <paramref name="problem"/> says why there is none.</summary>
    public static IReadOnlyList<string> Devices(out string? problem)
    {
        problem = null;
        try
        {
            CudaDriver driver = OpenDriver(0);
            int version = driver.Version;
            return [.. Enumerable.Range(0, Count(driver)).Select(i => Describe(driver, i, version))];
        }
        catch (CudaException e)
        {
            problem = e.Message;
            return [];
        }
    }

    /// <summary>Opens a device.</summary>
    internal static CudaDevice Open(int ordinal) => new(OpenDriver(ordinal), ordinal);

    /// <summary>How many devices the driver sees.</summary>
    internal static int Count(CudaDriver driver)
    {
        driver.Check(driver.cuInit(0));
        int count;
        driver.Check(driver.cuDeviceGetCount(&count));
        return count > 0 ? count : throw driver.Failure(CudaResult.NoDevice, nameof(driver.cuDeviceGetCount));
    }

    internal static string NameOf(CudaDriver driver, int device)
    {
        const int longest = 256;
        byte* name = stackalloc byte[longest];
        driver.Check(driver.cuDeviceGetName(name, longest, device));
        var text = new ReadOnlySpan<byte>(name, longest);
        return Encoding.UTF8.GetString(text[..Math.Max(0, text.IndexOf((byte)0))]);
    }

    private static CudaDriver OpenDriver(int ordinal)
    {
        NativeLibraries.Library library = CudaLibraries.Driver;
        return library.Status.IsFound
            ? new CudaDriver(library.Handle, library.Status.Path!)
            : throw new CudaException($"there is no device cuda:{ordinal}: the CUDA driver was not found ({library.Status.Problem ?? $"tried {string.Join(", ", library.Status.Tried)}"}); "
                + "install the NVIDIA driver, or use --device cpu");
    }

    private static string Describe(CudaDriver driver, int ordinal, int version)
    {
        int device, major, minor;
        nuint bytes;
        driver.Check(driver.cuDeviceGet(&device, ordinal));
        driver.Check(driver.cuDeviceGetAttribute(&major, CudaDeviceAttribute.ComputeCapabilityMajor, device));
        driver.Check(driver.cuDeviceGetAttribute(&minor, CudaDeviceAttribute.ComputeCapabilityMinor, device));
        driver.Check(driver.cuDeviceTotalMem_v2(&bytes, device));
        return FormattableString.Invariant(
            $"cuda:{ordinal} {NameOf(driver, device)}, compute capability {major}.{minor}, {bytes >> 20:N0} MB, driver for CUDA {version / 1000}.{version % 1000 / 10}");
    }
}
