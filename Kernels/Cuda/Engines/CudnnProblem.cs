using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>The descriptors of a convolution: what it reads, its window and weights, what it writes.</summary>
internal sealed unsafe class CudnnProblem : IDisposable
{
    private readonly CuDnn dnn;
    private nint input, weights, output, window;

    public CudnnProblem(CuDnn dnn, in WindowSize s, CudnnDataType type)
    {
        this.dnn = dnn;
        try
        {
            input = Tensor(type, s.Batch, s.Channels, s.Height, s.Width);
            output = Tensor(type, s.Batch, s.Outputs, s.Rows, s.Columns);
            nint made;
            dnn.Check(dnn.cudnnCreateFilterDescriptor(&made));
            weights = made;
            dnn.Check(dnn.cudnnSetFilter4dDescriptor(weights, type, CudnnFormat.Nchw, s.Outputs, s.Channels / s.Groups, s.KernelHeight, s.KernelWidth));
            dnn.Check(dnn.cudnnCreateConvolutionDescriptor(&made));
            window = made;
            // Whatever the data is, sums are made in float32. Windows are not mirrored.
            dnn.Check(dnn.cudnnSetConvolution2dDescriptor(window, s.PadHeight, s.PadWidth, s.StrideHeight, s.StrideWidth, s.DilationHeight, s.DilationWidth,
                CudnnConvolutionMode.CrossCorrelation, CudnnDataType.Float));
            dnn.Check(dnn.cudnnSetConvolutionGroupCount(window, s.Groups));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public nint Input => input;

    public nint Weights => weights;

    public nint Output => output;

    public nint Window => window;

    /// <summary>Sets the arithmetic that is allowed.</summary>
    public void Allow(CudnnMath math) => dnn.Check(dnn.cudnnSetConvolutionMathType(window, math));

    public void Dispose()
    {
        foreach (nint tensor in (ReadOnlySpan<nint>)[input, output])
            if (tensor != 0) _ = dnn.cudnnDestroyTensorDescriptor(tensor);
        if (weights != 0) _ = dnn.cudnnDestroyFilterDescriptor(weights);
        if (window != 0) _ = dnn.cudnnDestroyConvolutionDescriptor(window);
        input = output = weights = window = 0;
    }

    private nint Tensor(CudnnDataType type, int samples, int channels, int height, int width)
    {
        nint made;
        dnn.Check(dnn.cudnnCreateTensorDescriptor(&made));
        CudnnStatus status = dnn.cudnnSetTensor4dDescriptor(made, CudnnFormat.Nchw, type, samples, channels, height, width);
        if (status != CudnnStatus.Success) _ = dnn.cudnnDestroyTensorDescriptor(made);
        dnn.Check(status, nameof(dnn.cudnnSetTensor4dDescriptor));
        return made;
    }
}
