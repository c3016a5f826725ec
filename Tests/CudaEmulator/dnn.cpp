// Plays cuDNN 9's convolutions: plain loops on the stream that was set, in the arithmetic that the descriptors allow, with lists of algorithms some of which
// are not deterministic, not supported or too large.
#include "vendor.h"
#include <algorithm>
#include <vector>

using namespace emulator;

namespace
{
constexpr int Success = 0, NotInitialized = 1001, BadParam = 2000, NotSupported = 3000, ExecutionFailed = 5000;
constexpr int Float = 0, Bfloat16 = 9, MathDefault = 0, MathTensorOp = 1, MathConversion = 2, MathFma = 3;

struct Dnn
{
    void* stream = nullptr;
    bool hasStream = false;
};

struct Tensor
{
    int type = -1, n = 0, c = 0, h = 0, w = 0;
};

struct Filter
{
    int type = -1, k = 0, c = 0, h = 0, w = 0;
};

struct Window
{
    int padH = 0, padW = 0, strideH = 0, strideW = 0, dilationH = 0, dilationW = 0, compute = -1, groups = 1, math = MathDefault;
};

struct Performance
{
    int algorithm, status;
    float time;
    size_t memory;
    int determinism, math, reserved[3];
};

static_assert(sizeof(Performance) == 48);

enum Pass { Forward, Data, Weights };

struct Problem
{
    Pass pass;
    Tensor x, y;
    Filter weights;
    Window window;
};

int check(const Problem& p)
{
    const Window& s = p.window;
    if (p.x.type != p.y.type || p.x.type != p.weights.type || (p.x.type != Float && p.x.type != Bfloat16) || s.compute != Float) return misuse(NotSupported, "types that do not go together");
    if (p.weights.c * s.groups != p.x.c || p.weights.k != p.y.c || p.weights.k % s.groups || p.x.n != p.y.n) return misuse(BadParam, "channels or samples that do not go together");
    auto size = [](int in, int pad, int window, int stride, int dilation) { return (in + 2 * pad - (dilation * (window - 1) + 1)) / stride + 1; };
    if (p.y.h != size(p.x.h, s.padH, p.weights.h, s.strideH, s.dilationH) || p.y.w != size(p.x.w, s.padW, p.weights.w, s.strideW, s.dilationW)) return misuse(BadParam, "an output of another size");
    return Success;
}

// Of the forward pass 0, 1, 6 and 7; of the others 0 and 1.
size_t workspace(const Problem& p, int algorithm)
{
    if (algorithm == 7) return (size_t)1 << 40;
    return algorithm == 0 ? 0 : 4 * (size_t)p.weights.c * p.weights.h * p.weights.w + 20;
}

bool is_winograd(const Problem& p) { return p.weights.h == 3 && p.weights.w == 3 && p.window.strideH == 1 && p.window.strideW == 1 && p.window.dilationH == 1 && p.window.dilationW == 1; }

bool is_supported(const Problem& p, int algorithm) { return algorithm == 0 || algorithm == 1 || algorithm == 7 || (algorithm == 6 && p.pass == Forward && is_winograd(p)); }

// Whether the same bits come each time: not of the first way back.
bool is_deterministic(const Problem& p, int algorithm) { return p.pass == Forward || algorithm != 0; }

int list(const Problem& p, int most, int* count, Performance* found)
{
    if (int wrong = check(p)) return wrong;
    *count = 0;
    for (int algorithm : { 6, 1, 0, 7 })
    {
        std::vector<int> maths = p.window.math == MathFma ? std::vector<int> { MathFma } : p.x.type == Float ? std::vector<int> { p.window.math, MathFma, MathConversion } : std::vector<int> { MathTensorOp };
        for (int math : maths)
        {
            if (*count == most || (p.pass != Forward && algorithm == 6)) continue;
            bool supported = is_supported(p, algorithm);
            found[(*count)++] = { algorithm, supported ? Success : NotSupported, -1, supported ? workspace(p, algorithm) : 0, is_deterministic(p, algorithm), math, {} };
        }
    }
    return Success;
}

int size_of_workspace(const Problem& p, int algorithm, size_t* bytes)
{
    if (int wrong = check(p)) return wrong;
    if (!is_supported(p, algorithm)) return misuse(NotSupported, "no such algorithm for these sizes");
    *bytes = workspace(p, algorithm);
    return Success;
}

// Values as their type and the arithmetic have them.
struct Values
{
    uint64_t at;
    int type;
    bool tf32;

    float operator[](size_t i) const
    {
        if (type == Bfloat16) return of_bits((uint32_t)((const uint16_t*)at)[i] << 16);
        float v = ((const float*)at)[i];
        return tf32 ? to_tf32(v) : v;
    }
};

void put(uint64_t at, int type, size_t i, float alpha, float sum, float beta)
{
    if (type == Bfloat16)
    {
        uint16_t* to = (uint16_t*)at + i;
        float v = beta == 0 ? alpha * sum : alpha * sum + beta * of_bits((uint32_t)*to << 16);
        *to = (uint16_t)(bits_of(to_bfloat16(v)) >> 16);
    }
    else
    {
        float* to = (float*)at + i;
        *to = beta == 0 ? alpha * sum : alpha * sum + beta * *to;
    }
}

void compute(const Problem& p, uint64_t x, uint64_t weights, uint64_t y, float alpha, float beta)
{
    const Window& s = p.window;
    bool tf32 = p.x.type == Float && s.math != MathFma;
    Values vx { x, p.x.type, tf32 }, vw { weights, p.x.type, tf32 }, vy { y, p.x.type, tf32 };
    int outputs = p.weights.k / s.groups, channels = p.weights.c, kh = p.weights.h, kw = p.weights.w;
    size_t results = p.pass == Forward ? (size_t)p.y.n * p.y.c * p.y.h * p.y.w : p.pass == Data ? (size_t)p.x.n * p.x.c * p.x.h * p.x.w : (size_t)p.weights.k * channels * kh * kw;
    std::vector<float> sums(results);
    for (int n = 0; n < p.x.n; n++)
        for (int o = 0; o < p.weights.k; o++)
            for (int q = 0; q < p.y.h * p.y.w; q++)
                for (int c = 0; c < channels; c++)
                    for (int r = 0; r < kh * kw; r++)
                    {
                        int h = q / p.y.w * s.strideH - s.padH + r / kw * s.dilationH, w = q % p.y.w * s.strideW - s.padW + r % kw * s.dilationW;
                        if (h < 0 || h >= p.x.h || w < 0 || w >= p.x.w) continue;
                        size_t atX = (((size_t)n * p.x.c + o / outputs * channels + c) * p.x.h + h) * p.x.w + w, atW = ((size_t)o * channels + c) * kh * kw + r;
                        size_t atY = ((size_t)n * p.y.c + o) * p.y.h * p.y.w + q;
                        if (p.pass == Forward) sums[atY] += vx[atX] * vw[atW];
                        else if (p.pass == Data) sums[atX] += vy[atY] * vw[atW];
                        else sums[atW] += vy[atY] * vx[atX];
                    }
    uint64_t to = p.pass == Forward ? y : p.pass == Data ? x : weights;
    for (size_t i = 0; i < results; i++) put(to, p.x.type, i, alpha, sums[i], beta);
}

int run(Dnn* handle, const Problem& p, uint64_t x, uint64_t weights, uint64_t y, const float* alpha, const float* beta, int algorithm, uint64_t space, size_t bytes)
{
    if (int wrong = check(p)) return wrong;
    if (!handle->hasStream) return misuse(BadParam, "no stream was set: the work would run beside the device's own");
    if (!is_supported(p, algorithm) || p.window.math == MathConversion) return misuse(NotSupported, "no such algorithm for these sizes");
    size_t size = p.x.type == Float ? 4 : 2, needed = workspace(p, algorithm);
    if (bytes < needed || (needed && (!is_device_memory(space, bytes) || space % 256))) return misuse(BadParam, "too little workspace");
    if (!is_device_memory(x, size * p.x.n * p.x.c * p.x.h * p.x.w) || !is_device_memory(weights, size * p.weights.k * p.weights.c * p.weights.h * p.weights.w)
        || !is_device_memory(y, size * p.y.n * p.y.c * p.y.h * p.y.w)) return misuse(BadParam, "an operand that is not in device memory");
    if (x % 16 || weights % 16 || y % 16) return misuse(BadParam, "an operand that is not aligned");
    float a = *alpha, b = *beta;
    static const char* const names[] = { "forward", "data", "weights" };
    std::string name = std::string("cudnn ") + names[p.pass] + " " + std::to_string(algorithm);
    return give(handle->stream, [=] {
        spend(name);
        if (needed) std::memset((void*)space, 0xFF, bytes);
        compute(p, x, weights, y, a, b);
    }) ? ExecutionFailed : Success;
}

template <class T> int create(T** object, const char* kind)
{
    *object = new T;
    made(*object, kind);
    return Success;
}

template <class T> int destroy(T* object, const char* kind)
{
    if (!gone(object, kind)) return misuse(BadParam, std::string("no living ") + kind);
    delete object;
    return Success;
}

bool are_alive(const void* handle, const void* x, const void* weights, const void* window, const void* y)
{
    return is(handle, "cudnn handle") && is(x, "tensor") && is(weights, "filter") && is(window, "window") && is(y, "tensor");
}
}

#define REQUIRE_ALIVE \
    if (!are_alive(handle, x, weights, window, y)) return misuse(BadParam, "a handle or descriptor that is not alive")

extern "C" {
size_t cudnnGetVersion() { return version_of("cudnn", 90600); }

const char* cudnnGetErrorString(int status)
{
    switch (status)
    {
        case NotInitialized: return "CUDNN_STATUS_NOT_INITIALIZED";
        case BadParam: return "CUDNN_STATUS_BAD_PARAM";
        case NotSupported: return "CUDNN_STATUS_NOT_SUPPORTED";
        case ExecutionFailed: return "CUDNN_STATUS_EXECUTION_FAILED";
        default: return "CUDNN_STATUS_?";
    }
}

void cudnnGetLastErrorString(char* text, size_t most)
{
    std::strncpy(text, last_misuse().c_str(), most - 1);
    text[most - 1] = 0;
}

int cudnnCreate(Dnn** handle)
{
    CALL(cudnnCreate);
    return has_context() ? create(handle, "cudnn handle") : NotInitialized;
}

int cudnnDestroy(Dnn* handle)
{
    CALL(cudnnDestroy);
    return destroy(handle, "cudnn handle");
}

int cudnnSetStream(Dnn* handle, void* stream)
{
    CALL(cudnnSetStream);
    if (!is(handle, "cudnn handle") || !is_stream(stream)) return misuse(BadParam, "no such handle or stream");
    handle->stream = stream;
    handle->hasStream = true;
    return Success;
}

int cudnnCreateTensorDescriptor(Tensor** tensor)
{
    CALL(cudnnCreateTensorDescriptor);
    return create(tensor, "tensor");
}

int cudnnDestroyTensorDescriptor(Tensor* tensor)
{
    CALL(cudnnDestroyTensorDescriptor);
    return destroy(tensor, "tensor");
}

int cudnnSetTensor4dDescriptor(Tensor* tensor, int format, int type, int n, int c, int h, int w)
{
    CALL(cudnnSetTensor4dDescriptor);
    if (!is(tensor, "tensor") || format != 0 || n <= 0 || c <= 0 || h <= 0 || w <= 0) return misuse(BadParam, "no such tensor");
    *tensor = { type, n, c, h, w };
    return Success;
}

int cudnnCreateFilterDescriptor(Filter** filter)
{
    CALL(cudnnCreateFilterDescriptor);
    return create(filter, "filter");
}

int cudnnDestroyFilterDescriptor(Filter* filter)
{
    CALL(cudnnDestroyFilterDescriptor);
    return destroy(filter, "filter");
}

int cudnnSetFilter4dDescriptor(Filter* filter, int type, int format, int k, int c, int h, int w)
{
    CALL(cudnnSetFilter4dDescriptor);
    if (!is(filter, "filter") || format != 0 || k <= 0 || c <= 0 || h <= 0 || w <= 0) return misuse(BadParam, "no such filter");
    *filter = { type, k, c, h, w };
    return Success;
}

int cudnnCreateConvolutionDescriptor(Window** window)
{
    CALL(cudnnCreateConvolutionDescriptor);
    return create(window, "window");
}

int cudnnDestroyConvolutionDescriptor(Window* window)
{
    CALL(cudnnDestroyConvolutionDescriptor);
    return destroy(window, "window");
}

int cudnnSetConvolution2dDescriptor(Window* window, int padH, int padW, int strideH, int strideW, int dilationH, int dilationW, int mode, int compute)
{
    CALL(cudnnSetConvolution2dDescriptor);
    if (!is(window, "window") || mode != 1 || strideH <= 0 || strideW <= 0 || dilationH <= 0 || dilationW <= 0) return misuse(BadParam, "no such window");
    *window = { padH, padW, strideH, strideW, dilationH, dilationW, compute };
    return Success;
}

int cudnnSetConvolutionGroupCount(Window* window, int groups)
{
    CALL(cudnnSetConvolutionGroupCount);
    if (!is(window, "window") || groups <= 0) return misuse(BadParam, "no such window");
    window->groups = groups;
    return Success;
}

int cudnnSetConvolutionMathType(Window* window, int math)
{
    CALL(cudnnSetConvolutionMathType);
    if (!is(window, "window") || math < MathDefault || math > MathFma) return misuse(BadParam, "no such window");
    window->math = math;
    return Success;
}

int cudnnGetConvolutionForwardAlgorithm_v7(Dnn* handle, Tensor* x, Filter* weights, Window* window, Tensor* y, int most, int* count, Performance* found)
{
    CALL(cudnnGetConvolutionForwardAlgorithm_v7);
    REQUIRE_ALIVE;
    return list({ Forward, *x, *y, *weights, *window }, most, count, found);
}

int cudnnGetConvolutionBackwardDataAlgorithm_v7(Dnn* handle, Filter* weights, Tensor* y, Window* window, Tensor* x, int most, int* count, Performance* found)
{
    CALL(cudnnGetConvolutionBackwardDataAlgorithm_v7);
    REQUIRE_ALIVE;
    return list({ Data, *x, *y, *weights, *window }, most, count, found);
}

int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Dnn* handle, Tensor* x, Tensor* y, Window* window, Filter* weights, int most, int* count, Performance* found)
{
    CALL(cudnnGetConvolutionBackwardFilterAlgorithm_v7);
    REQUIRE_ALIVE;
    return list({ Weights, *x, *y, *weights, *window }, most, count, found);
}

int cudnnGetConvolutionForwardWorkspaceSize(Dnn* handle, Tensor* x, Filter* weights, Window* window, Tensor* y, int algorithm, size_t* bytes)
{
    CALL(cudnnGetConvolutionForwardWorkspaceSize);
    REQUIRE_ALIVE;
    return size_of_workspace({ Forward, *x, *y, *weights, *window }, algorithm, bytes);
}

int cudnnGetConvolutionBackwardDataWorkspaceSize(Dnn* handle, Filter* weights, Tensor* y, Window* window, Tensor* x, int algorithm, size_t* bytes)
{
    CALL(cudnnGetConvolutionBackwardDataWorkspaceSize);
    REQUIRE_ALIVE;
    return size_of_workspace({ Data, *x, *y, *weights, *window }, algorithm, bytes);
}

int cudnnGetConvolutionBackwardFilterWorkspaceSize(Dnn* handle, Tensor* x, Tensor* y, Window* window, Filter* weights, int algorithm, size_t* bytes)
{
    CALL(cudnnGetConvolutionBackwardFilterWorkspaceSize);
    REQUIRE_ALIVE;
    return size_of_workspace({ Weights, *x, *y, *weights, *window }, algorithm, bytes);
}

int cudnnConvolutionForward(Dnn* handle, const float* alpha, Tensor* x, uint64_t xAt, Filter* weights, uint64_t weightsAt, Window* window, int algorithm, uint64_t space, size_t bytes, const float* beta,
    Tensor* y, uint64_t yAt)
{
    CALL(cudnnConvolutionForward);
    REQUIRE_ALIVE;
    return run(handle, { Forward, *x, *y, *weights, *window }, xAt, weightsAt, yAt, alpha, beta, algorithm, space, bytes);
}

int cudnnConvolutionBackwardData(Dnn* handle, const float* alpha, Filter* weights, uint64_t weightsAt, Tensor* y, uint64_t yAt, Window* window, int algorithm, uint64_t space, size_t bytes,
    const float* beta, Tensor* x, uint64_t xAt)
{
    CALL(cudnnConvolutionBackwardData);
    REQUIRE_ALIVE;
    return run(handle, { Data, *x, *y, *weights, *window }, xAt, weightsAt, yAt, alpha, beta, algorithm, space, bytes);
}

int cudnnConvolutionBackwardFilter(Dnn* handle, const float* alpha, Tensor* x, uint64_t xAt, Tensor* y, uint64_t yAt, Window* window, int algorithm, uint64_t space, size_t bytes, const float* beta,
    Filter* weights, uint64_t weightsAt)
{
    CALL(cudnnConvolutionBackwardFilter);
    REQUIRE_ALIVE;
    return run(handle, { Weights, *x, *y, *weights, *window }, xAt, weightsAt, yAt, alpha, beta, algorithm, space, bytes);
}
}
