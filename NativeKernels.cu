// The hand-written CUDA kernels of EvenNet, in the order of the files of Kernels/Cuda. One source for NVRTC, nvcc and the host emulator of the tests.
//
// It includes nothing. Values lie samples × channels × height × width. Entry points take numbers, pointers and the structs below, are called
// op_direction, and give the same bits whatever the device: sums run in an order that the sizes alone fix. The letters are those of the formulas: n sample,
// c input channel, o output channel, h w input row and column, p q output row and column, r t window row and column; x input, y output, d… a gradient.

#ifndef KERNEL      // the emulator defines them its own way
#define KERNEL(name) extern "C" __global__ void name
#define KERNEL_END(name)
#define SHARED(type, name, size) __shared__ type name size
#define SHARED_ARRAY(type, name) extern __shared__ __align__(16) unsigned char shared_bytes[]; type* name = reinterpret_cast<type*>(shared_bytes)
#endif

typedef long long int64;
typedef unsigned long long uint64;

// What a convolution's or a pooling's window is and what it moves over. Mirrors WindowSize in Kernels/Cuda.
struct WindowSize
{
    int batch, channels, height, width, outputs, rows, columns, kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth, dilationHeight, dilationWidth, groups;
};

// Up to sixteen inputs of a layer and their factors. Mirrors InputList in Kernels/Cuda.
struct InputList
{
    const float* x[16];
    float factor[16];
    int count;
};

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Shared by all: loops over elements, sums over a block.

// This thread's elements of count, a grid apart.
#define FOR_ELEMENTS(i, count) for (int64 i = (int64)blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += (int64)gridDim.x * blockDim.x)

template <class T> __device__ __forceinline__ T warp_sum(T v)
{
    for (int step = 16; step > 0; step /= 2) v += __shfl_xor_sync(0xffffffffu, v, step);
    return v;
}

__device__ __forceinline__ float warp_max(float v)
{
    for (int step = 16; step > 0; step /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, step));
    return v;
}

// The sum of every thread's v, the same in every thread. The block is a multiple of 32 threads.
__device__ double block_sum(double v)
{
    SHARED(double, parts, [32]);
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    v = warp_sum(v);
    if (lane == 0) parts[warp] = v;
    __syncthreads();
    v = warp_sum(lane < warps ? parts[lane] : 0.0);
    __syncthreads();
    return v;
}

__device__ __forceinline__ void put(float* to, int64 i, float v, int accumulate) { to[i] = accumulate ? to[i] + v : v; }

// The element of channel c that comes i-th, counting through the samples.
__device__ __forceinline__ int64 channel_element(int64 i, int c, int channels, int plane) { return (i / plane * channels + c) * (int64)plane + i % plane; }

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Matrix products: CudaGemm. A block makes 64 × 64 of the product from pieces of 16 in shared memory; each of 256 threads holds 4 × 4 sums.
// Every piece is read once from global memory: 2 · 64 · 64 · 16 operations for 8 KB.

enum { TileRows = 64, TileColumns = 64, TileDepth = 16, TileThreads = 256 };

// Adds a(row, k) · b(k, column) over k in [first, end) to the thread's sums. An operand's KFirst says whether neighbours in memory are neighbours in k.
template <class A, class B> __device__ __forceinline__ void add_products(float (&sums)[4][4], int rows, int columns, int first, int end, A a, B b)
{
    SHARED(float, left, [TileDepth][TileRows + 4]);
    SHARED(float, right, [TileDepth][TileColumns + 4]);
    int thread = threadIdx.x, row0 = blockIdx.y * TileRows, column0 = blockIdx.x * TileColumns;
    int top = thread / 16 * 4, side = thread % 16 * 4;
    for (int k0 = first; k0 < end; k0 += TileDepth)
    {
        for (int i = thread; i < TileRows * TileDepth; i += TileThreads)
        {
            int depth = A::KFirst ? i % TileDepth : i / TileRows, row = A::KFirst ? i / TileDepth : i % TileRows;
            left[depth][row] = row0 + row < rows && k0 + depth < end ? a(row0 + row, k0 + depth) : 0.0f;
        }
        for (int i = thread; i < TileColumns * TileDepth; i += TileThreads)
        {
            int depth = B::KFirst ? i % TileDepth : i / TileColumns, column = B::KFirst ? i / TileDepth : i % TileColumns;
            right[depth][column] = column0 + column < columns && k0 + depth < end ? b(k0 + depth, column0 + column) : 0.0f;
        }
        __syncthreads();
#pragma unroll 4
        for (int depth = 0; depth < TileDepth; depth++)
        {
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
#pragma unroll
                for (int j = 0; j < 4; j++) sums[i][j] += left[depth][top + i] * right[depth][side + j];
            }
        }
        __syncthreads();
    }
}

// Calls store(row, column, sum) for each of the thread's sums that lies in the product.
template <class Store> __device__ __forceinline__ void store_tile(float (&sums)[4][4], int rows, int columns, Store store)
{
    int row = blockIdx.y * TileRows + threadIdx.x / 16 * 4, column = blockIdx.x * TileColumns + threadIdx.x % 16 * 4;
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
#pragma unroll
        for (int j = 0; j < 4; j++)
            if (row + i < rows && column + j < columns) store(row + i, column + j, sums[i][j]);
    }
}

// values[row · stride + k], rows and columns of a matrix in memory.
struct MatrixRows
{
    enum { KFirst = 1 };
    const float* values;
    int stride;
    __device__ __forceinline__ float operator()(int row, int k) const { return values[(int64)row * stride + k]; }
};

// values[k · stride + row]
struct MatrixColumns
{
    enum { KFirst = 0 };
    const float* values;
    int stride;
    __device__ __forceinline__ float operator()(int row, int k) const { return values[(int64)k * stride + row]; }
};

// The same two, asked with k before the column.
template <class Matrix> struct Right
{
    enum { KFirst = Matrix::KFirst };
    Matrix matrix;
    __device__ __forceinline__ float operator()(int k, int column) const { return matrix(column, k); }
};

struct StoreMatrix
{
    float* values;
    int stride, accumulate;
    __device__ __forceinline__ void operator()(int row, int column, float sum) const { put(values, (int64)row * stride + column, sum, accumulate); }
};

template <class A, class B> __device__ __forceinline__ void gemm(int m, int n, int k, A a, B b, float* c, int accumulate)
{
    float sums[4][4] = {};
    add_products(sums, m, n, 0, k, a, b);
    store_tile(sums, m, n, StoreMatrix { c, n, accumulate });
}

// c (+)= a · b; a: m×k, b: k×n, c: m×n, rows without gaps. t: the operand lies transposed.
KERNEL(gemm_nn)(int m, int n, int k, const float* a, const float* b, float* c, int accumulate)
{
    gemm(m, n, k, MatrixRows { a, k }, Right<MatrixColumns> { { b, n } }, c, accumulate);
}
KERNEL_END(gemm_nn)

KERNEL(gemm_nt)(int m, int n, int k, const float* a, const float* b, float* c, int accumulate)
{
    gemm(m, n, k, MatrixRows { a, k }, Right<MatrixRows> { { b, k } }, c, accumulate);
}
KERNEL_END(gemm_nt)

KERNEL(gemm_tn)(int m, int n, int k, const float* a, const float* b, float* c, int accumulate)
{
    gemm(m, n, k, MatrixColumns { a, m }, Right<MatrixColumns> { { b, n } }, c, accumulate);
}
KERNEL_END(gemm_tn)

KERNEL(gemm_tt)(int m, int n, int k, const float* a, const float* b, float* c, int accumulate)
{
    gemm(m, n, k, MatrixColumns { a, m }, Right<MatrixRows> { { b, k } }, c, accumulate);
}
KERNEL_END(gemm_tt)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Convolution: CudaConvolution. Matrix products whose operands are gathered from the images where they are needed; nothing is unrolled in memory.

// Inputs under the windows: k counts c, r, t and column counts n, p, q.
struct WindowInputs
{
    enum { KFirst = 0 };
    WindowSize s;
    const float* x;
    int firstChannel;
    __device__ __forceinline__ float operator()(int k, int column) const
    {
        int area = s.kernelHeight * s.kernelWidth, plane = s.rows * s.columns, tap = k % area, i = column % plane;
        int h = i / s.columns * s.strideHeight - s.padHeight + tap / s.kernelWidth * s.dilationHeight;
        int w = i % s.columns * s.strideWidth - s.padWidth + tap % s.kernelWidth * s.dilationWidth;
        if (h < 0 || h >= s.height || w < 0 || w >= s.width) return 0.0f;
        return x[(((int64)(column / plane) * s.channels + firstChannel + k / area) * s.height + h) * s.width + w];
    }
};

// The same with k and column exchanged: k counts n, p, q and column counts c, r, t.
struct WindowInputsOverSamples
{
    enum { KFirst = 1 };
    WindowInputs inputs;
    __device__ __forceinline__ float operator()(int k, int column) const { return inputs(column, k); }
};

// Output gradients that an input's element had a part in: k counts o, r, t and column counts n, h, w.
struct WindowGradients
{
    enum { KFirst = 0 };
    WindowSize s;
    const float* dy;
    int firstOutput;
    __device__ __forceinline__ float operator()(int k, int column) const
    {
        int area = s.kernelHeight * s.kernelWidth, plane = s.height * s.width, tap = k % area, i = column % plane;
        int p = i / s.width + s.padHeight - tap / s.kernelWidth * s.dilationHeight, q = i % s.width + s.padWidth - tap % s.kernelWidth * s.dilationWidth;
        if (p < 0 || q < 0 || p % s.strideHeight != 0 || q % s.strideWidth != 0) return 0.0f;
        p /= s.strideHeight;
        q /= s.strideWidth;
        if (p >= s.rows || q >= s.columns) return 0.0f;
        return dy[(((int64)(column / plane) * s.outputs + firstOutput + k / area) * s.rows + p) * s.columns + q];
    }
};

// weight[o][c][r][t] with k counting o, r, t.
struct WeightsByInput
{
    enum { KFirst = 1 };
    const float* weight;
    int channels, area;
    __device__ __forceinline__ float operator()(int c, int k) const { return weight[((int64)(k / area) * channels + c) * area + k % area]; }
};

// dy[n][o][i] with k counting n, i.
struct GradientsOverSamples
{
    enum { KFirst = 1 };
    const float* dy;
    int outputs, plane;
    __device__ __forceinline__ float operator()(int o, int k) const { return dy[((int64)(k / plane) * outputs + o) * plane + k % plane]; }
};

struct StoreOutput
{
    const float* bias;
    float scale;
    int relu, outputs, firstOutput, plane;
    float* y;
    __device__ __forceinline__ void operator()(int o, int column, float sum) const
    {
        float v = scale * (bias ? bias[firstOutput + o] + sum : sum);
        y[((int64)(column / plane) * outputs + firstOutput + o) * plane + column % plane] = relu && v < 0 ? 0.0f : v;
    }
};

struct StoreInputGradient
{
    int channels, firstChannel, plane, accumulate;
    float* dx;
    __device__ __forceinline__ void operator()(int c, int column, float sum) const
    {
        put(dx, ((int64)(column / plane) * channels + firstChannel + c) * plane + column % plane, sum, accumulate);
    }
};

// y = scale · (bias + weight ⋆ x), rectified if asked. Grid: tiles of n, p, q × tiles of a group's outputs × groups.
KERNEL(convolution_forward)(WindowSize s, int relu, const float* x, const float* weight, const float* bias, const float* scale, float* y)
{
    int group = blockIdx.z, outputs = s.outputs / s.groups, channels = s.channels / s.groups, plane = s.rows * s.columns;
    int depth = channels * s.kernelHeight * s.kernelWidth, columns = s.batch * plane;
    float sums[4][4] = {};
    add_products(sums, outputs, columns, 0, depth, MatrixRows { weight + (int64)group * outputs * depth, depth }, WindowInputs { s, x, group * channels });
    store_tile(sums, outputs, columns, StoreOutput { bias, *scale, relu, s.outputs, group * outputs, plane, y });
}
KERNEL_END(convolution_forward)

// dx = weightᵀ ⋆ dy, each input gathering from the windows it lies in. Grid: tiles of n, h, w × tiles of a group's channels × groups.
KERNEL(convolution_backward_data)(WindowSize s, int accumulate, const float* dy, const float* weight, float* dx)
{
    int group = blockIdx.z, outputs = s.outputs / s.groups, channels = s.channels / s.groups, area = s.kernelHeight * s.kernelWidth;
    int depth = outputs * area, columns = s.batch * s.height * s.width;
    float sums[4][4] = {};
    add_products(sums, channels, columns, 0, depth, WeightsByInput { weight + (int64)group * outputs * channels * area, channels, area }, WindowGradients { s, dy, group * outputs });
    store_tile(sums, channels, columns, StoreInputGradient { s.channels, group * channels, s.height * s.width, accumulate, dx });
}
KERNEL_END(convolution_backward_data)

// One of several parts of dWeight, over its share of n, p, q: parts[part][o][c][r][t]. Grid: tiles of c, r, t × tiles of a group's outputs × groups · parts.
KERNEL(convolution_backward_weights)(WindowSize s, int parts, const float* x, const float* dy, float* to)
{
    int group = blockIdx.z % s.groups, part = blockIdx.z / s.groups, outputs = s.outputs / s.groups, channels = s.channels / s.groups;
    int plane = s.rows * s.columns, depth = s.batch * plane, share = (depth + parts - 1) / parts, columns = channels * s.kernelHeight * s.kernelWidth;
    int first = min(part * share, depth), end = min(first + share, depth);
    float sums[4][4] = {};
    add_products(sums, outputs, columns, first, end, GradientsOverSamples { dy + (int64)group * outputs * plane, s.outputs, plane },
        WindowInputsOverSamples { { s, x, group * channels } });
    store_tile(sums, outputs, columns, StoreMatrix { to + ((int64)part * s.outputs + group * outputs) * columns, columns, 0 });
}
KERNEL_END(convolution_backward_weights)

// to[i] += Σ parts[part][i], one part after the other. Reads parts + 1 floats an element and writes one.
KERNEL(add_parts)(int64 count, int parts, const float* from, float* to)
{
    FOR_ELEMENTS(i, count)
    {
        float sum = 0;
        for (int part = 0; part < parts; part++) sum += from[part * count + i];
        to[i] += sum;
    }
}
KERNEL_END(add_parts)

// dy ← scale · dy where y > 0 or there is no rectifier, else 0; dBias += its sums. A block for each channel.
KERNEL(convolution_output_gradient)(int batch, int channels, int plane, int relu, const float* scale, const float* y, float* dy, float* dBias)
{
    int c = blockIdx.x;
    int64 count = (int64)batch * plane;
    float s = *scale;
    double sum = 0;
    for (int64 i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = channel_element(i, c, channels, plane);
        float g = relu && !(y[at] > 0) ? 0.0f : s * dy[at];
        dy[at] = g;
        sum += g;
    }
    sum = block_sum(sum);
    if (dBias && threadIdx.x == 0) dBias[c] += (float)sum;
}
KERNEL_END(convolution_output_gradient)

// sums (+)= what each sample says of the weights, or its square: Σ over p, q of dy · x under the window. Grid: as of the weights' gradients, one part.
KERNEL(convolution_sample_gradients)(WindowSize s, int first, int count, int squares, const float* x, const float* dy, float* to)
{
    int group = blockIdx.z, outputs = s.outputs / s.groups, channels = s.channels / s.groups, plane = s.rows * s.columns;
    int columns = channels * s.kernelHeight * s.kernelWidth;
    float totals[4][4] = {};
    for (int n = first; n < first + count; n++)
    {
        float sums[4][4] = {};
        add_products(sums, outputs, columns, n * plane, (n + 1) * plane, GradientsOverSamples { dy + (int64)group * outputs * plane, s.outputs, plane },
            WindowInputsOverSamples { { s, x, group * channels } });
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) totals[i][j] += squares ? sums[i][j] * sums[i][j] : sums[i][j];
    }
    store_tile(totals, outputs, columns, StoreMatrix { to + (int64)group * outputs * columns, columns, 1 });
}
KERNEL_END(convolution_sample_gradients)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Deconvolution: CudaDeconvolution. A convolution the other way round: s is that of the convolution from y, in its channels, to x, in its outputs. The
// weights' gradient is convolution_backward_weights with x and dy exchanged.

// y = bias + weightᵀ ⋆ x. Grid: tiles of n, h, w of y × tiles of a group's channels of y × groups.
KERNEL(deconvolution_forward)(WindowSize s, const float* x, const float* weight, const float* bias, float* y)
{
    int group = blockIdx.z, outputs = s.outputs / s.groups, channels = s.channels / s.groups, area = s.kernelHeight * s.kernelWidth;
    int columns = s.batch * s.height * s.width;
    float sums[4][4] = {};
    add_products(sums, channels, columns, 0, outputs * area, WeightsByInput { weight + (int64)group * outputs * channels * area, channels, area }, WindowGradients { s, x, group * outputs });
    store_tile(sums, channels, columns, StoreOutput { bias, 1.0f, 0, s.channels, group * channels, s.height * s.width, y });
}
KERNEL_END(deconvolution_forward)

// dx = weight ⋆ dy. Grid: tiles of n, p, q of x × tiles of a group's channels of x × groups.
KERNEL(deconvolution_backward)(WindowSize s, int accumulate, const float* dy, const float* weight, float* dx)
{
    int group = blockIdx.z, outputs = s.outputs / s.groups, channels = s.channels / s.groups, plane = s.rows * s.columns;
    int depth = channels * s.kernelHeight * s.kernelWidth, columns = s.batch * plane;
    float sums[4][4] = {};
    add_products(sums, outputs, columns, 0, depth, MatrixRows { weight + (int64)group * outputs * depth, depth }, WindowInputs { s, dy, group * channels });
    store_tile(sums, outputs, columns, StoreInputGradient { s.outputs, group * outputs, plane, accumulate, dx });
}
KERNEL_END(deconvolution_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Inner product: CudaInnerProduct.

struct StoreInnerProduct
{
    const float* bias;
    float scale;
    int relu, outputs;
    float* y;
    __device__ __forceinline__ void operator()(int n, int o, float sum) const
    {
        float v = scale * (bias ? bias[o] + sum : sum);
        y[(int64)n * outputs + o] = relu && v < 0 ? 0.0f : v;
    }
};

// y[n][o] = scale · (bias[o] + Σ weight[o][i] · x[n][i]), rectified if asked. Grid: tiles of outputs × tiles of samples.
KERNEL(inner_product_forward)(int batch, int outputs, int inputs, int relu, const float* x, const float* weight, const float* bias, const float* scale, float* y)
{
    float sums[4][4] = {};
    add_products(sums, batch, outputs, 0, inputs, MatrixRows { x, inputs }, Right<MatrixRows> { { weight, inputs } });
    store_tile(sums, batch, outputs, StoreInnerProduct { bias, *scale, relu, outputs, y });
}
KERNEL_END(inner_product_forward)

// As of a convolution, with a thread for each output: samples lie far apart, outputs side by side.
KERNEL(inner_product_output_gradient)(int batch, int outputs, int relu, const float* scale, const float* y, float* dy, float* dBias)
{
    float s = *scale;
    FOR_ELEMENTS(o, outputs)
    {
        double sum = 0;
        for (int n = 0; n < batch; n++)
        {
            int64 at = (int64)n * outputs + o;
            float g = relu && !(y[at] > 0) ? 0.0f : s * dy[at];
            dy[at] = g;
            sum += g;
        }
        if (dBias) dBias[o] += (float)sum;
    }
}
KERNEL_END(inner_product_output_gradient)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Around the vendor's libraries: AffineOutput, CudnnConvolutions. A thread an element. bfloat16 is the upper half of a float.

// The nearest, of two equally near the even one; what is no number stays none.
__device__ __forceinline__ unsigned short bfloat16_of(float v)
{
    unsigned bits = __float_as_uint(v);
    return (bits & 0x7FFFFFFFu) > 0x7F800000u ? (unsigned short)0x7FC0u : (unsigned short)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

__device__ __forceinline__ float float_of(unsigned short v) { return __uint_as_float((unsigned)v << 16); }

// Reads 4 bytes an element and writes 2.
KERNEL(to_bfloat16)(int64 count, const float* from, unsigned short* to)
{
    FOR_ELEMENTS(i, count) to[i] = bfloat16_of(from[i]);
}
KERNEL_END(to_bfloat16)

// to (+)= from. Reads 2 bytes an element and writes 4.
KERNEL(from_bfloat16)(int64 count, const unsigned short* from, float* to, int accumulate)
{
    FOR_ELEMENTS(i, count) put(to, i, float_of(from[i]), accumulate);
}
KERNEL_END(from_bfloat16)

__device__ __forceinline__ float affine(float sum, int64 i, int channels, int plane, int relu, const float* bias, float scale)
{
    float v = scale * (bias ? bias[i / plane % channels] + sum : sum);
    return relu ? fmaxf(v, 0.0f) : v;
}

// y ← scale · (bias + y), rectified if asked. Reads and writes a float.
KERNEL(affine_output)(int64 count, int channels, int plane, int relu, const float* bias, const float* scale, float* y)
{
    float s = *scale;
    FOR_ELEMENTS(i, count) y[i] = affine(y[i], i, channels, plane, relu, bias, s);
}
KERNEL_END(affine_output)

// The same of sums in bfloat16.
KERNEL(affine_output_bfloat16)(int64 count, int channels, int plane, int relu, const unsigned short* sums, const float* bias, const float* scale, float* y)
{
    float s = *scale;
    FOR_ELEMENTS(i, count) y[i] = affine(float_of(sums[i]), i, channels, plane, relu, bias, s);
}
KERNEL_END(affine_output_bfloat16)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Functions of one value: CudaCurve. A thread an element; reads one float and writes one, backward reads two. Which function is the same for all threads.

enum { CurveRelu, CurveElu, CurveTanh, CurveSigmoid, CurveAbsolute, CurveClip, CurveThreshold, CurveSoftplus, CurveSwish, CurvePower, CurveExponential, CurveLogarithm };

// A function and its constants. Mirrors Curve in Kernels/Cuda.
struct Curve
{
    int kind;
    float a, b, c;

    __device__ __forceinline__ static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

    __device__ __forceinline__ float value(float x) const
    {
        switch (kind)
        {
            case CurveRelu: return x > 0 ? x : a * x;
            case CurveElu: return x > 0 ? x : a * expm1f(x);
            case CurveTanh: return tanhf(x);
            case CurveSigmoid: return sigmoid(x);
            case CurveAbsolute: return fabsf(x);
            case CurveClip: return x < a ? a : x > b ? b : x;
            case CurveThreshold: return x > a ? 1.0f : 0.0f;
            case CurveSoftplus: return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x)));
            case CurveSwish: return x * sigmoid(a * x);
            case CurvePower: return powf(b * x + c, a);
            case CurveExponential: return expf(b * x + c);
            default: return a * logf(b * x + c);
        }
    }

    __device__ __forceinline__ float gradient(float x) const
    {
        switch (kind)
        {
            case CurveRelu: return x > 0 ? 1.0f : a;
            case CurveElu: return x > 0 ? 1.0f : a * expf(x);
            case CurveTanh: return 1 - tanhf(x) * tanhf(x);
            case CurveSigmoid: return sigmoid(x) * sigmoid(-x);
            case CurveAbsolute: return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f;
            case CurveClip: return x >= a && x <= b ? 1.0f : 0.0f;
            case CurveThreshold: return 0.0f;
            case CurveSoftplus: return sigmoid(x);
            case CurveSwish: return sigmoid(a * x) * (1 + a * x * sigmoid(-a * x));
            case CurvePower: return a == 0 ? 0.0f : a * b * powf(b * x + c, a - 1);
            case CurveExponential: return b * expf(b * x + c);
            default: return a * b / (b * x + c);
        }
    }
};

KERNEL(curve_forward)(int64 count, Curve curve, const float* x, float* y)
{
    FOR_ELEMENTS(i, count) y[i] = curve.value(x[i]);
}
KERNEL_END(curve_forward)

KERNEL(curve_backward)(int64 count, Curve curve, const float* x, const float* dy, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, count) put(dx, i, dy[i] * curve.gradient(x[i]), accumulate);
}
KERNEL_END(curve_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Learned slopes: CudaPRelu.

KERNEL(prelu_forward)(int64 count, int channels, int plane, int shared, const float* slope, const float* x, float* y)
{
    FOR_ELEMENTS(i, count)
    {
        float v = x[i];
        y[i] = v > 0 ? v : slope[shared ? 0 : i / plane % channels] * v;
    }
}
KERNEL_END(prelu_forward)

KERNEL(prelu_backward)(int64 count, int channels, int plane, int shared, const float* slope, const float* x, const float* dy, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, count) put(dx, i, x[i] > 0 ? dy[i] : slope[shared ? 0 : i / plane % channels] * dy[i], accumulate);
}
KERNEL_END(prelu_backward)

// sums[c] = Σ dy · x where x ≤ 0. A block for each channel.
KERNEL(prelu_slope_sums)(int batch, int channels, int plane, const float* x, const float* dy, float* sums)
{
    int c = blockIdx.x;
    int64 count = (int64)batch * plane;
    double sum = 0;
    for (int64 i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = channel_element(i, c, channels, plane);
        if (!(x[at] > 0)) sum += (double)dy[at] * x[at];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) sums[c] = (float)sum;
}
KERNEL_END(prelu_slope_sums)

// dSlope += the channels' sums, each to its own slope or, in their order, all to one. One block.
KERNEL(prelu_slope_gradient)(int channels, int shared, const float* sums, float* dSlope)
{
    if (!shared)
    {
        for (int c = threadIdx.x; c < channels; c += blockDim.x) dSlope[c] += sums[c];
        return;
    }
    double sum = 0;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) sum += sums[c];
    sum = block_sum(sum);
    if (threadIdx.x == 0) dSlope[0] += (float)sum;
}
KERNEL_END(prelu_slope_gradient)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Pooling: CudaPooling. A thread an element. A window is cut off at the image; an average's divisor counts it before, cut off where the padding ends.

struct PoolWindow
{
    int top, left, bottom, right, area;
};

__device__ __forceinline__ PoolWindow pool_window(const WindowSize& s, int p, int q)
{
    int top = p * s.strideHeight - s.padHeight, left = q * s.strideWidth - s.padWidth;
    int bottom = min(top + s.kernelHeight, s.height + s.padHeight), right = min(left + s.kernelWidth, s.width + s.padWidth);
    return PoolWindow { max(top, 0), max(left, 0), min(bottom, s.height), min(right, s.width), (bottom - top) * (right - left) };
}

// first[y's element]: which input of its plane was the largest, the first of equal ones in row order. Writes a float and 4 bytes an output.
KERNEL(max_pool_forward)(WindowSize s, const float* x, float* y, int* first)
{
    int plane = s.rows * s.columns;
    FOR_ELEMENTS(i, (int64)s.batch * s.channels * plane)
    {
        PoolWindow at = pool_window(s, (int)(i % plane) / s.columns, (int)(i % plane) % s.columns);
        const float* from = x + i / plane * s.height * s.width;
        int best = at.top * s.width + at.left;
        for (int h = at.top; h < at.bottom; h++)
            for (int w = at.left; w < at.right; w++)
                if (from[h * s.width + w] > from[best]) best = h * s.width + w;
        y[i] = from[best];
        first[i] = best;
    }
}
KERNEL_END(max_pool_forward)

// Windows whose rows, or columns, hold input i: from first to last.
__device__ __forceinline__ int first_window(int i, int kernel, int stride, int pad) { return i + pad < kernel ? 0 : (i + pad - kernel) / stride + 1; }

__device__ __forceinline__ int last_window(int i, int stride, int pad, int count) { return min((i + pad) / stride, count - 1); }

KERNEL(max_pool_backward)(WindowSize s, const int* first, const float* dy, float* dx, int accumulate)
{
    int plane = s.height * s.width;
    FOR_ELEMENTS(i, (int64)s.batch * s.channels * plane)
    {
        int position = (int)(i % plane), h = position / s.width, w = position % s.width;
        int64 outputs = i / plane * s.rows * s.columns;
        float sum = 0;
        for (int p = first_window(h, s.kernelHeight, s.strideHeight, s.padHeight); p <= last_window(h, s.strideHeight, s.padHeight, s.rows); p++)
            for (int q = first_window(w, s.kernelWidth, s.strideWidth, s.padWidth); q <= last_window(w, s.strideWidth, s.padWidth, s.columns); q++)
                if (first[outputs + p * s.columns + q] == position) sum += dy[outputs + p * s.columns + q];
        put(dx, i, sum, accumulate);
    }
}
KERNEL_END(max_pool_backward)

KERNEL(average_pool_forward)(WindowSize s, const float* x, float* y)
{
    int plane = s.rows * s.columns;
    FOR_ELEMENTS(i, (int64)s.batch * s.channels * plane)
    {
        PoolWindow at = pool_window(s, (int)(i % plane) / s.columns, (int)(i % plane) % s.columns);
        const float* from = x + i / plane * s.height * s.width;
        float sum = 0;
        for (int h = at.top; h < at.bottom; h++)
            for (int w = at.left; w < at.right; w++) sum += from[h * s.width + w];
        y[i] = sum / at.area;
    }
}
KERNEL_END(average_pool_forward)

KERNEL(average_pool_backward)(WindowSize s, const float* dy, float* dx, int accumulate)
{
    int plane = s.height * s.width;
    FOR_ELEMENTS(i, (int64)s.batch * s.channels * plane)
    {
        int position = (int)(i % plane), h = position / s.width, w = position % s.width;
        int64 outputs = i / plane * s.rows * s.columns;
        float sum = 0;
        for (int p = first_window(h, s.kernelHeight, s.strideHeight, s.padHeight); p <= last_window(h, s.strideHeight, s.padHeight, s.rows); p++)
            for (int q = first_window(w, s.kernelWidth, s.strideWidth, s.padWidth); q <= last_window(w, s.strideWidth, s.padWidth, s.columns); q++)
                sum += dy[outputs + p * s.columns + q] / pool_window(s, p, q).area;
        put(dx, i, sum, accumulate);
    }
}
KERNEL_END(average_pool_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Local response normalisation across channels: CudaLrn. A block holds 32 positions of 32 channels, and half a window of channels on either side, in
// shared memory, so that x and dy are read once or little more. Grid: tiles of positions × tiles of channels × samples; block: 32 × 8.

enum { LrnPositions = 32, LrnChannels = 32 };

// squares[j][i] = x² of channel c0 − margin + j, zero outside the image's channels.
__device__ __forceinline__ void load_squares(float* squares, int count, int c0, int margin, int channels, int plane, const float* x)
{
    int i = blockIdx.x * LrnPositions + threadIdx.x;
    for (int j = threadIdx.y; j < count; j += blockDim.y)
    {
        int c = c0 - margin + j;
        float v = i < plane && c >= 0 && c < channels ? x[(int64)c * plane + i] : 0.0f;
        squares[j * LrnPositions + threadIdx.x] = v * v;
    }
    __syncthreads();
}

// k + perChannel · the sum of the squares from row first on.
__device__ __forceinline__ float lrn_t(const float* squares, int first, int half, float perChannel, float k)
{
    float sum = 0;
    for (int j = first; j <= first + 2 * half; j++) sum += squares[j * LrnPositions + threadIdx.x];
    return k + perChannel * sum;
}

// y = x · t^−β with t = k + perChannel · Σ x² over half channels on either side.
KERNEL(lrn_forward)(int channels, int plane, int half, float perChannel, float beta, float k, const float* x, float* y)
{
    SHARED_ARRAY(float, squares);
    int c0 = blockIdx.y * LrnChannels, i = blockIdx.x * LrnPositions + threadIdx.x;
    int64 sample = (int64)blockIdx.z * channels * plane;
    load_squares(squares, LrnChannels + 2 * half, c0, half, channels, plane, x + sample);
    for (int j = threadIdx.y; j < LrnChannels; j += blockDim.y)
    {
        if (c0 + j >= channels || i >= plane) continue;
        int64 at = sample + (int64)(c0 + j) * plane + i;
        y[at] = x[at] * powf(lrn_t(squares, j, half, perChannel, k), -beta);
    }
}
KERNEL_END(lrn_forward)

// dx = dy · t^−β − 2 · perChannel · β · x · Σ dy · x · t^(−β−1) over the same channels.
KERNEL(lrn_backward)(int channels, int plane, int half, float perChannel, float beta, float k, const float* x, const float* dy, float* dx, int accumulate)
{
    SHARED_ARRAY(float, squares);
    float* terms = squares + (LrnChannels + 4 * half) * LrnPositions;
    int c0 = blockIdx.y * LrnChannels, i = blockIdx.x * LrnPositions + threadIdx.x;
    int64 sample = (int64)blockIdx.z * channels * plane;
    load_squares(squares, LrnChannels + 4 * half, c0, 2 * half, channels, plane, x + sample);
    for (int j = threadIdx.y; j < LrnChannels + 2 * half; j += blockDim.y)
    {
        int c = c0 - half + j;
        bool inside = i < plane && c >= 0 && c < channels;
        int64 at = sample + (int64)c * plane + i;
        terms[j * LrnPositions + threadIdx.x] = inside ? dy[at] * x[at] * powf(lrn_t(squares, j, half, perChannel, k), -beta - 1) : 0.0f;
    }
    __syncthreads();
    for (int j = threadIdx.y; j < LrnChannels; j += blockDim.y)
    {
        if (c0 + j >= channels || i >= plane) continue;
        int64 at = sample + (int64)(c0 + j) * plane + i;
        float sum = 0;
        for (int l = j; l <= j + 2 * half; l++) sum += terms[l * LrnPositions + threadIdx.x];
        put(dx, at, dy[at] * powf(lrn_t(squares, j + half, half, perChannel, k), -beta) - 2 * perChannel * beta * x[at] * sum, accumulate);
    }
}
KERNEL_END(lrn_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Local response normalisation within a channel: CudaLrnWithin. A thread an element.

// t = 1 + perPosition · Σ x² over the window, y = x · t^−β; t is kept for the way back.
KERNEL(lrn_within_forward)(int64 count, int height, int width, int half, float perPosition, float beta, const float* x, float* y, float* t)
{
    FOR_ELEMENTS(i, count)
    {
        int h = (int)(i / width % height), w = (int)(i % width);
        const float* plane = x + (i - h * width - w);
        float sum = 0;
        for (int r = max(h - half, 0); r <= min(h + half, height - 1); r++)
            for (int s = max(w - half, 0); s <= min(w + half, width - 1); s++) sum += plane[r * width + s] * plane[r * width + s];
        float total = 1 + perPosition * sum;
        t[i] = total;
        y[i] = x[i] * powf(total, -beta);
    }
}
KERNEL_END(lrn_within_forward)

// terms = dy · x · t^(−β−1)
KERNEL(lrn_within_terms)(int64 count, float beta, const float* x, const float* t, const float* dy, float* terms)
{
    FOR_ELEMENTS(i, count) terms[i] = dy[i] * x[i] * powf(t[i], -beta - 1);
}
KERNEL_END(lrn_within_terms)

// dx = dy · t^−β − 2 · perPosition · β · x · Σ terms over the window.
KERNEL(lrn_within_backward)(
    int64 count, int height, int width, int half, float perPosition, float beta, const float* x, const float* t, const float* dy, const float* terms, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, count)
    {
        int h = (int)(i / width % height), w = (int)(i % width);
        const float* plane = terms + (i - h * width - w);
        float sum = 0;
        for (int r = max(h - half, 0); r <= min(h + half, height - 1); r++)
            for (int s = max(w - half, 0); s <= min(w + half, width - 1); s++) sum += plane[r * width + s];
        put(dx, i, dy[i] * powf(t[i], -beta) - 2 * perPosition * beta * x[i] * sum, accumulate);
    }
}
KERNEL_END(lrn_within_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Dropout: CudaDropout. Masks are drawn again where they are needed: Philox4x32-10 (Salmon et al. 2011, §3.3), keyed by seed, layer, pass and element.

__device__ __forceinline__ void philox(unsigned (&word)[4], uint64 key)
{
    unsigned k0 = (unsigned)key, k1 = (unsigned)(key >> 32);
    for (int round = 0; round < 10; round++)
    {
        unsigned high0 = __umulhi(0xD2511F53u, word[0]), low0 = 0xD2511F53u * word[0], high1 = __umulhi(0xCD9E8D57u, word[2]), low1 = 0xCD9E8D57u * word[2];
        word[0] = high1 ^ word[1] ^ k0;
        word[1] = low1;
        word[2] = high0 ^ word[3] ^ k1;
        word[3] = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

// Four random words for each block of four elements: what every backend's masks are made of.
KERNEL(philox_words)(int64 blocks, uint64 seed, unsigned stream, unsigned draw, unsigned* words)
{
    FOR_ELEMENTS(block, blocks)
    {
        unsigned word[4] = { (unsigned)block, (unsigned)(block >> 32), draw, stream };
        philox(word, seed);
        for (int j = 0; j < 4; j++) words[4 * block + j] = word[j];
    }
}
KERNEL_END(philox_words)

// *passes is the number of training passes begun, so that a recorded step draws a new mask each time it is replayed.
KERNEL(dropout_begin)(unsigned* passes)
{
    if (threadIdx.x == 0) *passes += 1;
}
KERNEL_END(dropout_begin)

// to = from · scale where an element is kept, else 0. A thread makes four elements from one draw.
KERNEL(dropout)(int64 count, unsigned threshold, float scale, uint64 seed, unsigned stream, const unsigned* passes, const float* from, float* to, int accumulate)
{
    unsigned draw = *passes - 1;
    FOR_ELEMENTS(block, (count + 3) / 4)
    {
        unsigned word[4] = { (unsigned)block, (unsigned)(block >> 32), draw, stream };
        philox(word, seed);
        for (int j = 0; j < 4; j++)
            if (4 * block + j < count) put(to, 4 * block + j, word[j] >= threshold ? from[4 * block + j] * scale : 0.0f, accumulate);
    }
}
KERNEL_END(dropout)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Copies between a value and some channels of another: CudaConcat, CudaChannelPad. A thread an element of the copied part.

// to[n][i] (+)= from[n][i] for i in [0, part); samples lie fromStride and toStride elements apart.
KERNEL(copy_part)(int batch, int64 part, int64 fromStride, int64 toStride, const float* from, float* to, int accumulate)
{
    FOR_ELEMENTS(i, batch * part) put(to, i / part * toStride + i % part, from[i / part * fromStride + i % part], accumulate);
}
KERNEL_END(copy_part)

// to[n][i] = 0 for i in [0, part).
KERNEL(clear_part)(int batch, int64 part, int64 stride, float* to)
{
    FOR_ELEMENTS(i, batch * part) to[i / part * stride + i % part] = 0.0f;
}
KERNEL_END(clear_part)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Blocks cut out of values: CudaCrop. A thread an element of what is written.

// From an x of channels × height × width the block of outputs × rows × columns that begins at channel, row, column. Mirrors CropSize in Kernels/Cuda.
struct CropSize
{
    int batch, channels, height, width, outputs, rows, columns, channel, row, column;
};

KERNEL(crop_forward)(CropSize s, const float* x, float* y)
{
    FOR_ELEMENTS(i, (int64)s.batch * s.outputs * s.rows * s.columns)
    {
        int q = (int)(i % s.columns), p = (int)(i / s.columns % s.rows), c = (int)(i / s.columns / s.rows % s.outputs);
        int64 n = i / s.columns / s.rows / s.outputs;
        y[i] = x[((n * s.channels + s.channel + c) * s.height + s.row + p) * s.width + s.column + q];
    }
}
KERNEL_END(crop_forward)

KERNEL(crop_backward)(CropSize s, const float* dy, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, (int64)s.batch * s.channels * s.height * s.width)
    {
        int q = (int)(i % s.width) - s.column, p = (int)(i / s.width % s.height) - s.row, c = (int)(i / s.width / s.height % s.channels) - s.channel;
        int64 n = i / s.width / s.height / s.channels;
        bool inside = q >= 0 && q < s.columns && p >= 0 && p < s.rows && c >= 0 && c < s.outputs;
        put(dx, i, inside ? dy[((n * s.outputs + c) * s.rows + p) * s.columns + q] : 0.0f, accumulate);
    }
}
KERNEL_END(crop_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Several values element by element: CudaEltwise. A thread an element. Kinds as in the layer: 0 sum, 1 product, 2 maximum.

KERNEL(eltwise_forward)(int64 count, int kind, InputList inputs, float* y)
{
    FOR_ELEMENTS(i, count)
    {
        float v = kind == 0 ? inputs.factor[0] * inputs.x[0][i] : inputs.x[0][i];
        for (int k = 1; k < inputs.count; k++)
        {
            float next = inputs.x[k][i];
            v = kind == 0 ? v + inputs.factor[k] * next : kind == 1 ? v * next : fmaxf(v, next);
        }
        y[i] = v;
    }
}
KERNEL_END(eltwise_forward)

// Of a product or a maximum, by one input.
KERNEL(eltwise_backward)(int64 count, int kind, int input, InputList inputs, const float* dy, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, count)
    {
        float product = 1;
        int largest = 0;
        for (int k = 0; k < inputs.count; k++)
        {
            if (k != input) product *= inputs.x[k][i];
            if (inputs.x[k][i] > inputs.x[largest][i]) largest = k;
        }
        put(dx, i, dy[i] * (kind == 1 ? product : largest == input ? 1.0f : 0.0f), accumulate);
    }
}
KERNEL_END(eltwise_backward)

// dx (+)= factor · dy: of a sum, by one input.
KERNEL(scaled_copy)(int64 count, float factor, const float* dy, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, count) put(dx, i, factor * dy[i], accumulate);
}
KERNEL_END(scaled_copy)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Softmax and its loss: CudaSoftmax, CudaSoftmaxLoss. A warp a position; its lanes share the channels. Block: 256 threads, 8 positions.

struct Softmax
{
    float largest, total;

    // Of channels values, plane apart.
    __device__ __forceinline__ Softmax(const float* x, int channels, int plane)
    {
        int lane = threadIdx.x % 32;
        float m = -3.402823466e38f, sum = 0;
        for (int c = lane; c < channels; c += 32) m = fmaxf(m, x[(int64)c * plane]);
        largest = warp_max(m);
        for (int c = lane; c < channels; c += 32) sum += expf(x[(int64)c * plane] - largest);
        total = warp_sum(sum);
    }

    __device__ __forceinline__ float operator()(float x) const { return expf(x - largest) / total; }
};

// The position that this warp works on, counting n, i; the same in all its lanes.
__device__ __forceinline__ int64 warp_position() { return (int64)blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; }

KERNEL(softmax_forward)(int positions, int channels, int plane, const float* x, float* y)
{
    int64 position = warp_position();
    if (position >= positions) return;
    int64 first = position / plane * channels * plane + position % plane;
    Softmax p(x + first, channels, plane);
    for (int c = threadIdx.x % 32; c < channels; c += 32) y[first + (int64)c * plane] = p(x[first + (int64)c * plane]);
}
KERNEL_END(softmax_forward)

// dx = y · (dy − Σ dy · y)
KERNEL(softmax_backward)(int positions, int channels, int plane, const float* y, const float* dy, float* dx, int accumulate)
{
    int64 position = warp_position();
    if (position >= positions) return;
    int64 first = position / plane * channels * plane + position % plane;
    float sum = 0;
    for (int c = threadIdx.x % 32; c < channels; c += 32) sum += dy[first + (int64)c * plane] * y[first + (int64)c * plane];
    sum = warp_sum(sum);
    for (int c = threadIdx.x % 32; c < channels; c += 32)
    {
        int64 at = first + (int64)c * plane;
        put(dx, at, y[at] * (dy[at] - sum), accumulate);
    }
}
KERNEL_END(softmax_backward)

// *factor = weight / divisor of a loss; normalization: 0 labels that are not ignored, 1 all, 2 samples, 3 one. One block.
KERNEL(loss_factor)(int64 count, int ignores, float ignored, int normalization, int batch, float weight, const float* labels, float* factor)
{
    double valid = 0;
    for (int64 i = threadIdx.x; i < count; i += blockDim.x)
        if (!ignores || labels[i] != ignored) valid += 1;
    valid = block_sum(valid);
    if (threadIdx.x != 0) return;
    double divisor = normalization == 0 ? valid : normalization == 1 ? (double)count : normalization == 2 ? batch : 1;
    *factor = (float)(weight / (divisor > 1 ? divisor : 1));
}
KERNEL_END(loss_factor)

// Each position's loss: −ln p[label], at most that of the smallest normal float; zero where the label is ignored. A label that names no class is told
// to the host: fault = { sample + 1, the label's bits }, of any one sample.
KERNEL(softmax_loss_positions)(int positions, int channels, int plane, int ignores, float ignored, const float* x, const float* labels, float* losses, unsigned* fault)
{
    int64 position = warp_position();
    if (position >= positions) return;
    float label = labels[position];
    bool isIgnored = ignores && label == ignored;
    if (!isIgnored && !(label >= 0 && label < channels && label == floorf(label)))
    {
        if (threadIdx.x % 32 == 0)
        {
            losses[position] = sqrtf(-1.0f);    // not a number: no update follows
            fault[1] = __float_as_uint(label);
            fault[0] = (unsigned)(position / plane) + 1;
        }
        return;
    }
    const float* scores = x + position / plane * channels * plane + position % plane;
    Softmax p(scores, channels, plane);
    if (threadIdx.x % 32 != 0) return;
    float of = isIgnored ? 1.0f : p(scores[(int64)label * plane]);
    losses[position] = -logf(of < 1.17549435e-38f ? 1.17549435e-38f : of);      // what is not a number stays so
}
KERNEL_END(softmax_loss_positions)

// y[n] = factor · Σ losses of its positions. A block for each sample.
KERNEL(loss_sums)(int plane, const float* losses, const float* factor, float* y)
{
    double sum = 0;
    for (int i = threadIdx.x; i < plane; i += blockDim.x) sum += losses[(int64)blockIdx.x * plane + i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) y[blockIdx.x] = (float)(*factor * sum);
}
KERNEL_END(loss_sums)

// dx = dy · factor · (p − [c = label]), zero where the label is ignored.
KERNEL(softmax_loss_backward)(
    int positions, int channels, int plane, int ignores, float ignored, const float* x, const float* labels, const float* factor, const float* dy, float* dx, int accumulate)
{
    int64 position = warp_position();
    if (position >= positions) return;
    float label = labels[position], g = ignores && label == ignored ? 0.0f : dy[position / plane] * *factor;
    int64 first = position / plane * channels * plane + position % plane;
    Softmax p(x + first, channels, plane);
    for (int c = threadIdx.x % 32; c < channels; c += 32)
    {
        int64 at = first + (int64)c * plane;
        put(dx, at, g * (p(x[at]) - (c == label ? 1.0f : 0.0f)), accumulate);
    }
}
KERNEL_END(softmax_loss_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Sigmoid cross-entropy: CudaSigmoidCrossEntropy.

// y[n] = factor · Σ max(x, 0) − x · t + ln(1 + e^−|x|) over targets that are not ignored. A block for each sample.
KERNEL(sigmoid_cross_entropy_forward)(int count, int ignores, float ignored, const float* x, const float* targets, const float* factor, float* y)
{
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = (int64)blockIdx.x * count + i;
        float v = x[at], t = targets[at];
        if (!ignores || t != ignored) sum += fmaxf(v, 0.0f) - v * t + log1pf(expf(-fabsf(v)));
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) y[blockIdx.x] = (float)(*factor * sum);
}
KERNEL_END(sigmoid_cross_entropy_forward)

KERNEL(sigmoid_cross_entropy_backward)(
    int64 all, int count, int ignores, float ignored, const float* x, const float* targets, const float* factor, const float* dy, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, all)
    {
        float g = ignores && targets[i] == ignored ? 0.0f : 1 / (1 + expf(-x[i])) - targets[i];
        put(dx, i, dy[i / count] * *factor * g, accumulate);
    }
}
KERNEL_END(sigmoid_cross_entropy_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Smooth L1 loss: CudaSmoothL1Loss. inside and outside: weights, or null for ones; square: σ².

// y[n] = weight / batch · Σ outside · f(inside · (a − t)). A block for each sample.
KERNEL(smooth_l1_loss_forward)(int count, float factor, float square, const float* a, const float* t, const float* inside, const float* outside, float* y)
{
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = (int64)blockIdx.x * count + i;
        float d = (inside ? inside[at] : 1.0f) * (a[at] - t[at]), size = fabsf(d);
        sum += (outside ? outside[at] : 1.0f) * (size < 1 / square ? 0.5f * square * d * d : size - 0.5f / square);
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) y[blockIdx.x] = (float)(factor * sum);
}
KERNEL_END(smooth_l1_loss_forward)

// da = dy · weight / batch · outside · inside · f′(inside · (a − t)); dt is its negative. Either may be null.
KERNEL(smooth_l1_loss_backward)(
    int64 all, int count, float factor, float square, const float* a, const float* t, const float* inside, const float* outside, const float* dy,
    float* da, float* dt, int accumulateA, int accumulateT)
{
    FOR_ELEMENTS(i, all)
    {
        float inner = inside ? inside[i] : 1.0f, d = inner * (a[i] - t[i]);
        float slope = fabsf(d) < 1 / square ? square * d : d > 0 ? 1.0f : -1.0f;
        float g = dy[i / count] * factor * (outside ? outside[i] : 1.0f) * inner * slope;
        if (da) put(da, i, g, accumulateA);
        if (dt) put(dt, i, -g, accumulateT);
    }
}
KERNEL_END(smooth_l1_loss_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Losses of pairs: CudaPairLoss. A block for each sample. label: whether the two are alike, or null for all; of squares: Caffe's older form.

// Σ (a − b)² of a sample, the same in every thread.
__device__ double pair_distance(int count, const float* a, const float* b)
{
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += blockDim.x)
    {
        double d = (double)a[(int64)blockIdx.x * count + i] - b[(int64)blockIdx.x * count + i];
        sum += d * d;
    }
    return block_sum(sum);
}

// y[n] = factor · (alike ? d² : max(margin − d, 0)², of squares max(margin − d², 0)).
KERNEL(pair_loss_forward)(int count, float factor, float margin, int ofSquares, const float* a, const float* b, const float* label, float* y)
{
    double squares = pair_distance(count, a, b), missing = fmax(margin - (ofSquares ? squares : sqrt(squares)), 0.0);
    if (threadIdx.x == 0) y[blockIdx.x] = (float)(factor * (!label || label[blockIdx.x] != 0 ? squares : ofSquares ? missing : missing * missing));
}
KERNEL_END(pair_loss_forward)

// da = dy · factor · pull · (a − b), pull = alike ? 1 : d < margin ? −(margin − d) / d : 0, of squares −1; db is its negative. Either may be null.
KERNEL(pair_loss_backward)(
    int count, float factor, float margin, int ofSquares, const float* a, const float* b, const float* label, const float* dy, float* da, float* db,
    int accumulateA, int accumulateB)
{
    double squares = pair_distance(count, a, b), distance = sqrt(squares), pull = 1;
    if (label && label[blockIdx.x] == 0)
        pull = ofSquares ? squares < margin ? -1.0 : 0.0 : distance > 0 && distance < margin ? -(margin - distance) / distance : 0.0;
    double slope = dy[blockIdx.x] * factor * pull;
    for (int i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = (int64)blockIdx.x * count + i;
        float g = (float)(slope * ((double)a[at] - b[at]));
        if (da) put(da, at, g, accumulateA);
        if (db) put(db, at, -g, accumulateB);
    }
}
KERNEL_END(pair_loss_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Pooling of regions: CudaRoiPooling.

// A map of height × width cells, divided into rows × columns bins a region. Mirrors RoiSize in Kernels/Cuda.
struct RoiSize
{
    int pictures, regions, channels, height, width, rows, columns;
    float scale;
};

// The cells of a region; picture −1: none.
struct RoiCells
{
    int picture, top, left, height, width;

    __device__ __forceinline__ static int cell(float pixel, float scale) { return (int)fminf(fmaxf(roundf(pixel * scale), -16777216.0f), 16777216.0f); }

    __device__ __forceinline__ RoiCells(const RoiSize& s, const float* region)
    {
        picture = region[0] < 0 ? -1 : (int)region[0];
        left = cell(region[1], s.scale);
        top = cell(region[2], s.scale);
        width = max(cell(region[3], s.scale) - left + 1, 1);
        height = max(cell(region[4], s.scale) - top + 1, 1);
    }
};

__device__ __forceinline__ int bin_first(int start, int size, int bin, int bins, int limit) { return min(max(start + (int)floorf(bin * ((float)size / bins)), 0), limit); }

__device__ __forceinline__ int bin_end(int start, int size, int bin, int bins, int limit) { return min(max(start + (int)ceilf((bin + 1) * ((float)size / bins)), 0), limit); }

// first[y's element]: which cell of its plane was the largest, the first of equal ones in row order; −1 where the bin is empty.
KERNEL(roi_pool_forward)(RoiSize s, const float* x, const float* regions, float* y, int* first, unsigned* fault)
{
    int plane = s.rows * s.columns;
    FOR_ELEMENTS(i, (int64)s.regions * s.channels * plane)
    {
        int r = (int)(i / plane / s.channels), c = (int)(i / plane % s.channels), p = (int)(i % plane) / s.columns, q = (int)(i % plane) % s.columns, best = -1;
        const float* region = regions + 5 * (int64)r;
        float sum = region[1] + region[2] + region[3] + region[4];
        // Not finite where one of them is not; sums of finite ones overflow only far beyond every picture.
        bool isBroken = !(region[0] < 0) && !(region[0] < s.pictures && region[0] == floorf(region[0]) && sum - sum == 0);
        if (isBroken && i % ((int64)s.channels * plane) == 0)
        {
            fault[1] = (unsigned)r;
            fault[0] = 1;
        }
        RoiCells at(s, region);
        const float* from = x;
        if (!isBroken && at.picture >= 0)
        {
            from = x + ((int64)at.picture * s.channels + c) * s.height * s.width;
            int bottom = bin_end(at.top, at.height, p, s.rows, s.height), right = bin_end(at.left, at.width, q, s.columns, s.width);
            for (int h = bin_first(at.top, at.height, p, s.rows, s.height); h < bottom; h++)
                for (int w = bin_first(at.left, at.width, q, s.columns, s.width); w < right; w++)
                    if (best < 0 || from[h * s.width + w] > from[best]) best = h * s.width + w;
        }
        y[i] = best < 0 ? 0.0f : from[best];
        first[i] = best;
    }
}
KERNEL_END(roi_pool_forward)

// Each cell gathers from the bins that hold it, regions in their order.
KERNEL(roi_pool_backward)(RoiSize s, const float* regions, const int* first, const float* dy, float* dx, int accumulate)
{
    int plane = s.height * s.width;
    FOR_ELEMENTS(i, (int64)s.pictures * s.channels * plane)
    {
        int n = (int)(i / plane / s.channels), c = (int)(i / plane % s.channels), position = (int)(i % plane), h = position / s.width, w = position % s.width;
        float sum = 0;
        for (int r = 0; r < s.regions; r++)
        {
            RoiCells at(s, regions + 5 * (int64)r);
            // A bin may reach a cell further than its region by the rounding of single precision.
            if (at.picture != n || h < at.top || h > at.top + at.height || w < at.left || w > at.left + at.width) continue;
            int64 outputs = ((int64)r * s.channels + c) * s.rows * s.columns;
            for (int p = 0; p < s.rows; p++)
            {
                if (h < bin_first(at.top, at.height, p, s.rows, s.height) || h >= bin_end(at.top, at.height, p, s.rows, s.height)) continue;
                for (int q = 0; q < s.columns; q++)
                    if (first[outputs + p * s.columns + q] == position) sum += dy[outputs + p * s.columns + q];
            }
        }
        put(dx, i, sum, accumulate);
    }
}
KERNEL_END(roi_pool_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Batch normalization: CudaBatchNorm. A block for each channel; sums in double.

struct Moments
{
    double mean, variance;

    // Two passes: a sum of squares far from zero would lose the deviation's digits.
    __device__ __forceinline__ Moments(int64 count, int c, int channels, int plane, const float* x)
    {
        double sum = 0;
        for (int64 i = threadIdx.x; i < count; i += blockDim.x) sum += x[channel_element(i, c, channels, plane)];
        mean = block_sum(sum) / count;
        sum = 0;
        for (int64 i = threadIdx.x; i < count; i += blockDim.x)
        {
            double d = x[channel_element(i, c, channels, plane)] - mean;
            sum += d * d;
        }
        variance = block_sum(sum) / count;
    }
};

// y = (x − μ) / deviation by the batch's moments; gathers: the running sums take them up. deviations[c] = √(σ² + ε) is kept for the way back.
KERNEL(batch_norm_train)(
    int batch, int channels, int plane, float epsilon, float fraction, int gathers, const float* x, float* y, float* deviations, float* meanSum, float* varianceSum, float* counted)
{
    int c = blockIdx.x;
    int64 count = (int64)batch * plane;
    Moments m(count, c, channels, plane, x);
    float deviation = (float)sqrt(m.variance + epsilon);
    for (int64 i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = channel_element(i, c, channels, plane);
        y[at] = (float)(x[at] - m.mean) / deviation;
    }
    if (threadIdx.x != 0) return;
    deviations[c] = deviation;
    if (!gathers) return;
    meanSum[c] = (float)(fraction * meanSum[c] + m.mean);
    varianceSum[c] = (float)(fraction * varianceSum[c] + m.variance * (count > 1 ? count / (count - 1.0) : 1));
    if (c == 0) *counted = fraction * *counted + 1;
}
KERNEL_END(batch_norm_train)

// The same by what was gathered.
KERNEL(batch_norm_test)(int batch, int channels, int plane, float epsilon, const float* x, float* y, float* deviations, const float* meanSum, const float* varianceSum, const float* counted)
{
    int c = blockIdx.x;
    int64 count = (int64)batch * plane;
    float mean = *counted == 0 ? 0.0f : meanSum[c] / *counted, deviation = sqrtf((*counted == 0 ? 0.0f : varianceSum[c] / *counted) + epsilon);
    if (threadIdx.x == 0) deviations[c] = deviation;
    for (int64 i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = channel_element(i, c, channels, plane);
        y[at] = (x[at] - mean) / deviation;
    }
}
KERNEL_END(batch_norm_test)

// dx = (dy − mean(dy) − y · mean(dy · y)) / deviation; without the means where the moments were not the batch's.
KERNEL(batch_norm_backward)(int batch, int channels, int plane, int ofBatch, const float* y, const float* deviations, const float* dy, float* dx, int accumulate)
{
    int c = blockIdx.x;
    int64 count = (int64)batch * plane;
    double sum = 0, products = 0;
    for (int64 i = threadIdx.x; ofBatch && i < count; i += blockDim.x)
    {
        int64 at = channel_element(i, c, channels, plane);
        sum += dy[at];
        products += (double)dy[at] * y[at];
    }
    float mean = (float)(block_sum(sum) / count), product = (float)(block_sum(products) / count), deviation = deviations[c];
    for (int64 i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = channel_element(i, c, channels, plane);
        put(dx, at, (dy[at] - mean - y[at] * product) / deviation, accumulate);
    }
}
KERNEL_END(batch_norm_backward)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// A factor and a shift for each channel, either of which may be missing: CudaScale.

KERNEL(scale_forward)(int64 count, int channels, int plane, const float* weight, const float* bias, const float* x, float* y)
{
    FOR_ELEMENTS(i, count)
    {
        int c = (int)(i / plane % channels);
        y[i] = (weight ? weight[c] : 1.0f) * x[i] + (bias ? bias[c] : 0.0f);
    }
}
KERNEL_END(scale_forward)

KERNEL(scale_backward)(int64 count, int channels, int plane, const float* weight, const float* dy, float* dx, int accumulate)
{
    FOR_ELEMENTS(i, count) put(dx, i, (weight ? weight[i / plane % channels] : 1.0f) * dy[i], accumulate);
}
KERNEL_END(scale_backward)

// dWeight += Σ dy · x, dBias += Σ dy; either may be null. A block for each channel.
KERNEL(scale_parameter_gradients)(int batch, int channels, int plane, const float* x, const float* dy, float* dWeight, float* dBias)
{
    int c = blockIdx.x;
    int64 count = (int64)batch * plane;
    double products = 0, sum = 0;
    for (int64 i = threadIdx.x; i < count; i += blockDim.x)
    {
        int64 at = channel_element(i, c, channels, plane);
        if (dWeight) products += (double)dy[at] * x[at];
        sum += dy[at];
    }
    products = block_sum(products);
    sum = block_sum(sum);
    if (threadIdx.x != 0) return;
    if (dWeight) dWeight[c] += (float)products;
    if (dBias) dBias[c] += (float)sum;
}
KERNEL_END(scale_parameter_gradients)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Statistics: CudaStatistics.

// Mean and deviation (population) of each channel. A block for each channel.
KERNEL(channel_moments)(int batch, int channels, int plane, const float* x, double* mean, double* deviation)
{
    Moments m((int64)batch * plane, blockIdx.x, channels, plane, x);
    if (threadIdx.x != 0) return;
    mean[blockIdx.x] = m.mean;
    deviation[blockIdx.x] = sqrt(m.variance);
}
KERNEL_END(channel_moments)

// x[c] ← scale[c] · x[c] + shift[c]
KERNEL(scale_channels)(int64 count, int channels, int plane, const double* scale, const double* shift, float* x)
{
    FOR_ELEMENTS(i, count)
    {
        int c = (int)(i / plane % channels);
        x[i] = (float)(scale[c] * x[i] + shift[c]);
    }
}
KERNEL_END(scale_channels)

// sums[block] = Σ x² of the block's elements.
KERNEL(squared_sums)(int64 count, const float* x, double* sums)
{
    double sum = 0;
    FOR_ELEMENTS(i, count) sum += (double)x[i] * x[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}
KERNEL_END(squared_sums)

// sums[block] = Σ |x| of the block's elements.
KERNEL(magnitude_sums)(int64 count, const float* x, double* sums)
{
    double sum = 0;
    FOR_ELEMENTS(i, count) sum += fabsf(x[i]);
    sum = block_sum(sum);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}
KERNEL_END(magnitude_sums)

// *to = Σ sums. One block.
KERNEL(sum_of_sums)(int count, const double* sums, double* to)
{
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += blockDim.x) sum += sums[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) *to = sum;
}
KERNEL_END(sum_of_sums)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Patches and clusters: CudaInitializer, CudaHeldRows. A row for each sample and output position, in the order of the weights.

// to[i] = patch − offset, or the patch where offset is null; patch number chosen[i], or first + i where chosen is null. A thread an element.
KERNEL(gather_patches)(WindowSize s, int group, int first, int count, const int* chosen, const float* offset, const float* x, float* to)
{
    int channels = s.channels / s.groups, d = channels * s.kernelHeight * s.kernelWidth;
    WindowInputs inputs { s, x, group * channels };
    FOR_ELEMENTS(i, (int64)count * d)
    {
        int row = (int)(i / d), j = (int)(i % d);
        to[i] = inputs(j, chosen ? chosen[row] : first + row) - (offset ? offset[j] : 0.0f);
    }
}
KERNEL_END(gather_patches)

// sums[j] += Σ over the rows of x[·, j]. A block for 32 columns; its 8 threads of a column take the rows in turns, and are added in their order.
KERNEL(column_sums)(int rows, int columns, const float* x, double* sums)
{
    SHARED(double, parts, [8][32]);
    int j = blockIdx.x * 32 + threadIdx.x;
    double sum = 0;
    for (int i = threadIdx.y; j < columns && i < rows; i += 8) sum += x[(int64)i * columns + j];
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y != 0 || j >= columns) return;
    for (int part = 1; part < 8; part++) sum += parts[part][threadIdx.x];
    sums[j] += sum;
}
KERNEL_END(column_sums)

struct AddInDouble
{
    double* values;
    int stride;
    __device__ __forceinline__ void operator()(int row, int column, float sum) const { values[(int64)row * stride + column] += sum; }
};

// scatter += xᵀ · x on and below the diagonal, whose tiles may go beyond it; x: rows × columns. Products add up in float32 over these rows. Grid: tiles of columns × columns.
KERNEL(add_scatter)(int rows, int columns, const float* x, double* scatter)
{
    if (blockIdx.x > blockIdx.y) return;
    float sums[4][4] = {};
    add_products(sums, columns, columns, 0, rows, MatrixColumns { x, columns }, Right<MatrixColumns> { { x, columns } });
    store_tile(sums, columns, columns, AddInDouble { scatter, columns });
}
KERNEL_END(add_scatter)

// to[i] = from[chosen[i]], rows of columns values. A thread an element.
KERNEL(gather_rows)(int count, int columns, const int* chosen, const float* from, float* to)
{
    FOR_ELEMENTS(i, (int64)count * columns) to[i] = from[(int64)chosen[i / columns] * columns + i % columns];
}
KERNEL_END(gather_rows)

// For each row of scores, count × clusters, the place of the largest score − half, the first of equal ones, and how large it is. A warp a row.
KERNEL(nearest_centres)(int count, int clusters, const float* scores, const float* halves, int* nearest, float* largest)
{
    int64 row = warp_position();
    if (row >= count) return;
    const float* from = scores + row * clusters;
    int best = 0;
    float most = -3.402823466e38f;
    for (int k = threadIdx.x % 32; k < clusters; k += 32)
    {
        float v = from[k] - halves[k];
        if (v > most)
        {
            most = v;
            best = k;
        }
    }
    for (int step = 16; step > 0; step /= 2)
    {
        float other = __shfl_xor_sync(0xffffffffu, most, step);
        int place = __shfl_xor_sync(0xffffffffu, best, step);
        if (other > most || (other == most && place < best))
        {
            most = other;
            best = place;
        }
    }
    if (threadIdx.x % 32 != 0) return;
    nearest[row] = best;
    largest[row] = most;
}
KERNEL_END(nearest_centres)

// sums[k][j] = Σ rows[order[i]][j] for i from starts[k] up to starts[k + 1], in this order. Grid: 256 columns × k.
KERNEL(ordered_sums)(int columns, const int* order, const int* starts, const float* rows, double* sums)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x, k = blockIdx.y;
    if (j >= columns) return;
    double sum = 0;
    for (int i = starts[k]; i < starts[k + 1]; i++) sum += rows[(int64)order[i] * columns + j];
    sums[(int64)k * columns + j] = sum;
}
KERNEL_END(ordered_sums)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// Solver steps: CudaSolver, CudaUpdates. One pass over memory. decay pulls by w, or by its sign where magnitudes is set; the gradient ends as zero.

enum UpdateRule { RuleSgd, RuleNesterov, RuleAdam, RuleRmsProp, RuleClear };

// What is done to one parameter. first: momentum or mean; second: squares; a, b, c: momentum, or β1, β2, δ, or ρ and δ as a and c. Mirrors UpdateRow in Kernels/Cuda.
struct UpdateRow
{
    float *w, *g, *first, *second;
    int64 count;
    int rule;
    float gradientScale, decay;
    int magnitudes;
    float rate, a, b, c;
};

// Part of a parameter that a block takes. Mirrors UpdateChunk in Kernels/Cuda.
struct UpdateChunk
{
    int row, part;
};

// Rates of up to 96 rows from one on. Mirrors RateList in Kernels/Cuda.
struct RateList
{
    float rate[96];
    int first, count;
};

// Numbers that must be finite. Mirrors WatchedRow in Kernels/Cuda.
struct WatchedRow
{
    const float* values;
    int64 count;
};

__device__ __forceinline__ float step_gradient(float w, float g, const UpdateRow& r)
{
    return r.gradientScale * g + r.decay * (!r.magnitudes ? w : w > 0 ? 1.0f : w < 0 ? -1.0f : 0.0f);
}

// SGD: v ← momentum · v + rate · g; w ← w − v, or by Nesterov w ← w − ((1 + momentum) · v − momentum · v before).
// Adam: m ← β1 · m + (1 − β1) · g; v ← β2 · v + (1 − β2) · g²; w ← w − rate · m / (√v + δ).
// RMSProp: h ← ρ · h + (1 − ρ) · g²; w ← w − rate · g / (√h + δ).
template <int Rule> __device__ __forceinline__ void update_weight(const UpdateRow& r, float& w, float& g, float& first, float& second)
{
    float pull = step_gradient(w, g, r);
    if (Rule == RuleSgd || Rule == RuleNesterov)
    {
        float before = first, speed = r.a * before + r.rate * pull;
        first = speed;
        w -= Rule == RuleNesterov ? (1 + r.a) * speed - r.a * before : speed;
    }
    if (Rule == RuleAdam)
    {
        first = r.a * first + (1 - r.a) * pull;
        second = r.b * second + (1 - r.b) * (pull * pull);
        w -= r.rate * (first / (sqrtf(second) + r.c));
    }
    if (Rule == RuleRmsProp)
    {
        second = r.a * second + (1 - r.a) * (pull * pull);
        w -= r.rate * (pull / (sqrtf(second) + r.c));
    }
    g = 0.0f;
}

template <int Rule> __device__ __forceinline__ void update_one(const UpdateRow& r, int64 i)
{
    float w = r.w[i], g = r.g[i], first = Rule == RuleRmsProp ? 0.0f : r.first[i], second = Rule == RuleAdam || Rule == RuleRmsProp ? r.second[i] : 0.0f;
    update_weight<Rule>(r, w, g, first, second);
    r.w[i] = w;
    r.g[i] = g;
    if (Rule != RuleRmsProp) r.first[i] = first;
    if (Rule == RuleAdam || Rule == RuleRmsProp) r.second[i] = second;
}

// Four weights from i on, 16 bytes of each array.
template <int Rule> __device__ __forceinline__ void update_four(const UpdateRow& r, int64 i)
{
    const float4 none = { 0.0f, 0.0f, 0.0f, 0.0f };
    float4 w = *(float4*)(r.w + i), g = *(float4*)(r.g + i), first = Rule == RuleRmsProp ? none : *(float4*)(r.first + i);
    float4 second = Rule == RuleAdam || Rule == RuleRmsProp ? *(float4*)(r.second + i) : none;
    update_weight<Rule>(r, w.x, g.x, first.x, second.x);
    update_weight<Rule>(r, w.y, g.y, first.y, second.y);
    update_weight<Rule>(r, w.z, g.z, first.z, second.z);
    update_weight<Rule>(r, w.w, g.w, first.w, second.w);
    *(float4*)(r.w + i) = w;
    *(float4*)(r.g + i) = g;
    if (Rule != RuleRmsProp) *(float4*)(r.first + i) = first;
    if (Rule == RuleAdam || Rule == RuleRmsProp) *(float4*)(r.second + i) = second;
}

enum { UpdateChunkSize = 16384 };

template <int Rule> __device__ __forceinline__ void update_chunk(const UpdateRow& r, int64 begin, int64 end)
{
    bool isWide = (((uint64)r.w | (uint64)r.g | (Rule == RuleRmsProp ? 0 : (uint64)r.first) | (Rule == RuleAdam || Rule == RuleRmsProp ? (uint64)r.second : 0)) & 15) == 0;
    int64 wide = isWide ? begin + (end - begin) / 4 * 4 : begin;
    for (int64 i = begin + 4 * threadIdx.x; i < wide; i += 4 * blockDim.x) update_four<Rule>(r, i);
    for (int64 i = wide + threadIdx.x; i < end; i += blockDim.x) update_one<Rule>(r, i);
}

// All parameters of a net: a block a chunk of 16,384 weights of one. Once stopped is set, gradients are cleared and nothing else is changed.
KERNEL(update_all)(const UpdateRow* rows, const UpdateChunk* chunks, const unsigned* stopped)
{
    UpdateChunk chunk = chunks[blockIdx.x];
    UpdateRow r = rows[chunk.row];
    int64 begin = (int64)chunk.part * UpdateChunkSize, end = min(begin + UpdateChunkSize, r.count);
    switch (*stopped ? (int)RuleClear : r.rule)
    {
        case RuleSgd: update_chunk<RuleSgd>(r, begin, end); break;
        case RuleNesterov: update_chunk<RuleNesterov>(r, begin, end); break;
        case RuleAdam: update_chunk<RuleAdam>(r, begin, end); break;
        case RuleRmsProp: update_chunk<RuleRmsProp>(r, begin, end); break;
        default:
            for (int64 i = begin + threadIdx.x; i < end; i += blockDim.x) r.g[i] = 0.0f;
    }
}
KERNEL_END(update_all)

// One parameter.
KERNEL(update_row)(UpdateRow r)
{
    FOR_ELEMENTS(i, r.count)
    {
        switch (r.rule)
        {
            case RuleSgd: update_one<RuleSgd>(r, i); break;
            case RuleNesterov: update_one<RuleNesterov>(r, i); break;
            case RuleAdam: update_one<RuleAdam>(r, i); break;
            default: update_one<RuleRmsProp>(r, i);
        }
    }
}
KERNEL_END(update_row)

// Rates go to where update_all reads them, so that a recorded step sees each step's own. One block.
KERNEL(set_rates)(RateList list, UpdateRow* rows)
{
    for (int i = threadIdx.x; i < list.count; i += blockDim.x) rows[list.first + i].rate = list.rate[i];
}
KERNEL_END(set_rates)

// *stopped becomes 1 where a number is not finite, and stays so. One block.
KERNEL(watch_finite)(int count, const WatchedRow* rows, unsigned* stopped)
{
    for (int row = 0; row < count; row++)
        for (int64 i = threadIdx.x; i < rows[row].count; i += blockDim.x)
        {
            float v = rows[row].values[i];
            if (!(v - v == 0)) *stopped = 1;
        }
}
KERNEL_END(watch_finite)

// ---------------------------------------------------------------------------------------------------------------------------------------------
// What the device can do at the most: CudaLimits.

enum { LimitChains = 8 };

// Eight independent chains of multiply-adds a thread, turns long; stored so that none is left out. 16 · turns operations a thread.
KERNEL(limit_operations)(int turns, float factor, float* to)
{
    float sums[LimitChains];
#pragma unroll
    for (int j = 0; j < LimitChains; j++) sums[j] = (float)(threadIdx.x + j);
    for (int turn = 0; turn < turns; turn++)
    {
#pragma unroll
        for (int j = 0; j < LimitChains; j++) sums[j] = fmaf(sums[j], factor, 1.0f);
    }
    float sum = 0;
#pragma unroll
    for (int j = 0; j < LimitChains; j++) sum += sums[j];
    to[(int64)blockIdx.x * blockDim.x + threadIdx.x] = sum;
}
KERNEL_END(limit_operations)

// Reads 16 bytes an element; writes only what cannot be, so that the reading is not left out.
KERNEL(limit_read)(int64 count, const float4* from, float* to)
{
    float sum = 0;
    FOR_ELEMENTS(i, count)
    {
        float4 v = from[i];
        sum += v.x + v.y + v.z + v.w;
    }
    if (sum == 1e30f) *to = sum;
}
KERNEL_END(limit_read)

// a = b + s · c, 16 bytes of each an element.
KERNEL(limit_triad)(int64 count, float s, const float4* b, const float4* c, float4* a)
{
    FOR_ELEMENTS(i, count)
    {
        float4 x = b[i], y = c[i];
        float4 z = { x.x + s * y.x, x.y + s * y.y, x.z + s * y.z, x.w + s * y.w };
        a[i] = z;
    }
}
KERNEL_END(limit_triad)
