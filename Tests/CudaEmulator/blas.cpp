// Plays cuBLAS and cuBLASLt: products of matrices that lie column by column, on the stream that was set, with the checks that the libraries make and some
// that they leave out. Operands are rounded as the compute type allows, so that a test sees which arithmetic was asked for.
#include "vendor.h"
#include <algorithm>
#include <vector>

using namespace emulator;

namespace
{
constexpr int Success = 0, NotInitialized = 1, InvalidValue = 7, ExecutionFailed = 13, NotSupported = 15;
constexpr int Float32 = 0, Compute32F = 68, Compute32FPedantic = 69, Compute32FFast16BF = 75, Compute32FFastTf32 = 77, MathTf32 = 3;
constexpr int Alignment = 256;

struct Blas
{
    void* stream = nullptr;
    bool hasStream = false;
    uint64_t workspace = 0;
    size_t workspaceBytes = 0;
    // As an environment can make it: whoever wants float32 has to say so.
    int math = MathTf32;
};

struct Light
{
};

struct Product
{
    int compute, scale, transA = 0, transB = 0;
};

struct Layout
{
    int type;
    uint64_t rows, columns;
    int64_t ld;
};

struct Preference
{
    uint64_t workspaceBytes = 0;
    uint32_t alignment[4] = { 256, 256, 256, 256 };
};

struct Algorithm
{
    uint64_t magic;
    int number, m, n, k;
    uint32_t alignment;
    uint64_t workspaceBytes;
};

struct Heuristic
{
    char algorithm[64];
    size_t workspaceBytes;
    int state;
    float waves;
    int reserved[4];
};

constexpr uint64_t Magic = 0x5AFE'A160'0000'0001;
static_assert(sizeof(Algorithm) <= 64 && sizeof(Heuristic) == 96);

struct Gemm
{
    bool transA, transB;
    int m, n, k, lda, ldb, ldc, compute;
    float alpha, beta;
    uint64_t a, b, c;
};

int check(const Gemm& g)
{
    if (g.m < 0 || g.n < 0 || g.k < 0) return misuse(InvalidValue, "a negative size");
    if (g.lda < std::max(1, g.transA ? g.k : g.m)) return misuse(InvalidValue, "lda is too small");
    if (g.ldb < std::max(1, g.transB ? g.n : g.k)) return misuse(InvalidValue, "ldb is too small");
    if (g.ldc < std::max(1, g.m)) return misuse(InvalidValue, "ldc is too small");
    auto bytes = [](int rows, int columns, int ld) { return 4 * ((size_t)ld * (columns - 1) + rows); };
    if (!is_device_memory(g.a, g.transA ? bytes(g.k, g.m, g.lda) : bytes(g.m, g.k, g.lda))) return misuse(InvalidValue, "a is not in device memory");
    if (!is_device_memory(g.b, g.transB ? bytes(g.n, g.k, g.ldb) : bytes(g.k, g.n, g.ldb))) return misuse(InvalidValue, "b is not in device memory");
    if (!is_device_memory(g.c, bytes(g.m, g.n, g.ldc))) return misuse(InvalidValue, "c is not in device memory");
    return Success;
}

void multiply(const Gemm& g, bool tf32)
{
    auto round = [&](float v) { return g.compute == Compute32FFast16BF ? to_bfloat16(v) : tf32 ? to_tf32(v) : v; };
    const float *a = (const float*)g.a, *b = (const float*)g.b;
    float* c = (float*)g.c;
    for (int j = 0; j < g.n; j++)
    {
        for (int i = 0; i < g.m; i++)
        {
            float sum = 0;
            for (int l = 0; l < g.k; l++) sum += round(a[g.transA ? l + (size_t)i * g.lda : i + (size_t)l * g.lda]) * round(b[g.transB ? j + (size_t)l * g.ldb : l + (size_t)j * g.ldb]);
            float& to = c[i + (size_t)j * g.ldc];
            to = g.beta == 0 ? g.alpha * sum : g.alpha * sum + g.beta * to;
        }
    }
}

bool is_known(int compute) { return compute == Compute32F || compute == Compute32FPedantic || compute == Compute32FFast16BF || compute == Compute32FFastTf32; }

template <class T> int destroy(T* object, const char* kind)
{
    if (!gone(object, kind)) return misuse(InvalidValue, std::string("no living ") + kind);
    delete object;
    return Success;
}
}

extern "C" {
int cublasGetProperty(int part, int* value)
{
    CALL(cublasGetProperty);
    int version = version_of("cublas", 130001);
    *value = part == 0 ? version / 10000 : part == 1 ? version / 100 % 100 : version % 100;
    return Success;
}

const char* cublasGetStatusName(int status)
{
    switch (status)
    {
        case NotInitialized: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case InvalidValue: return "CUBLAS_STATUS_INVALID_VALUE";
        case ExecutionFailed: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case NotSupported: return "CUBLAS_STATUS_NOT_SUPPORTED";
        default: return "CUBLAS_STATUS_?";
    }
}

int cublasCreate_v2(Blas** handle)
{
    CALL(cublasCreate_v2);
    if (!has_context()) return NotInitialized;
    *handle = new Blas;
    made(*handle, "cublas handle");
    return Success;
}

int cublasDestroy_v2(Blas* handle)
{
    CALL(cublasDestroy_v2);
    return destroy(handle, "cublas handle");
}

int cublasSetStream_v2(Blas* handle, void* stream)
{
    CALL(cublasSetStream_v2);
    if (!is(handle, "cublas handle") || !is_stream(stream)) return misuse(InvalidValue, "no such handle or stream");
    handle->stream = stream;
    handle->hasStream = true;
    // As the library does: a workspace belongs to the stream that was set before it.
    handle->workspace = 0;
    return Success;
}

int cublasSetWorkspace_v2(Blas* handle, uint64_t workspace, size_t bytes)
{
    CALL(cublasSetWorkspace_v2);
    if (!is(handle, "cublas handle") || !is_device_memory(workspace, bytes) || workspace % Alignment) return misuse(InvalidValue, "no such workspace");
    handle->workspace = workspace;
    handle->workspaceBytes = bytes;
    return Success;
}

int cublasSetMathMode(Blas* handle, int math)
{
    CALL(cublasSetMathMode);
    if (!is(handle, "cublas handle")) return NotInitialized;
    handle->math = math;
    return Success;
}

int cublasGemmEx(Blas* handle, int transA, int transB, int m, int n, int k, const float* alpha, uint64_t a, int typeA, int lda, uint64_t b, int typeB, int ldb, const float* beta, uint64_t c,
    int typeC, int ldc, int compute, int algorithm)
{
    CALL(cublasGemmEx);
    if (!is(handle, "cublas handle")) return NotInitialized;
    if (!handle->hasStream) return misuse(InvalidValue, "no stream was set: the work would run beside the device's own");
    if (!handle->workspace) return misuse(InvalidValue, "no workspace was set: a recording could not hold the call");
    if (typeA != Float32 || typeB != Float32 || typeC != Float32 || !is_known(compute) || algorithm != -1) return misuse(NotSupported, "no such types");
    Gemm g { transA == 1, transB == 1, m, n, k, lda, ldb, ldc, compute, *alpha, *beta, a, b, c };
    if (int wrong = check(g)) return wrong;
    bool tf32 = compute == Compute32FFastTf32 || (compute == Compute32F && handle->math == MathTf32);
    uint64_t workspace = handle->workspace;
    size_t workspaceBytes = handle->workspaceBytes;
    return give(handle->stream, [=] {
        spend("cublas");
        std::memset((void*)workspace, 0xFF, std::min(workspaceBytes, (size_t)4096));
        multiply(g, tf32);
    }) ? ExecutionFailed : Success;
}

size_t cublasLtGetVersion() { return version_of("cublasLt", 130001); }

const char* cublasLtGetStatusName(int status) { return cublasGetStatusName(status); }

int cublasLtCreate(Light** handle)
{
    CALL(cublasLtCreate);
    if (!has_context()) return NotInitialized;
    *handle = new Light;
    made(*handle, "cublasLt handle");
    return Success;
}

int cublasLtDestroy(Light* handle)
{
    CALL(cublasLtDestroy);
    return destroy(handle, "cublasLt handle");
}

int cublasLtMatmulDescCreate(Product** product, int compute, int scale)
{
    CALL(cublasLtMatmulDescCreate);
    if (!is_known(compute) || scale != Float32) return misuse(InvalidValue, "no such types");
    *product = new Product { compute, scale };
    made(*product, "product");
    return Success;
}

int cublasLtMatmulDescDestroy(Product* product)
{
    CALL(cublasLtMatmulDescDestroy);
    return destroy(product, "product");
}

int cublasLtMatmulDescSetAttribute(Product* product, int attribute, const void* value, size_t bytes)
{
    CALL(cublasLtMatmulDescSetAttribute);
    if (!is(product, "product") || (attribute != 3 && attribute != 4) || bytes != 4) return misuse(InvalidValue, "no such attribute of that size");
    std::memcpy(attribute == 3 ? &product->transA : &product->transB, value, 4);
    return Success;
}

int cublasLtMatrixLayoutCreate(Layout** layout, int type, uint64_t rows, uint64_t columns, int64_t ld)
{
    CALL(cublasLtMatrixLayoutCreate);
    if (type != Float32 || ld < (int64_t)rows) return misuse(InvalidValue, "columns overlap");
    *layout = new Layout { type, rows, columns, ld };
    made(*layout, "layout");
    return Success;
}

int cublasLtMatrixLayoutDestroy(Layout* layout)
{
    CALL(cublasLtMatrixLayoutDestroy);
    return destroy(layout, "layout");
}

int cublasLtMatmulPreferenceCreate(Preference** preference)
{
    CALL(cublasLtMatmulPreferenceCreate);
    *preference = new Preference;
    made(*preference, "preference");
    return Success;
}

int cublasLtMatmulPreferenceDestroy(Preference* preference)
{
    CALL(cublasLtMatmulPreferenceDestroy);
    return destroy(preference, "preference");
}

int cublasLtMatmulPreferenceSetAttribute(Preference* preference, int attribute, const void* value, size_t bytes)
{
    CALL(cublasLtMatmulPreferenceSetAttribute);
    if (!is(preference, "preference")) return misuse(InvalidValue, "no such preference");
    if (attribute == 1 && bytes == 8) std::memcpy(&preference->workspaceBytes, value, 8);
    else if (attribute >= 5 && attribute <= 8 && bytes == 4) std::memcpy(&preference->alignment[attribute - 5], value, 4);
    else return misuse(InvalidValue, "no such attribute of that size");
    return Success;
}

// Three algorithms: without workspace, with some, and one that is not there for these sizes after all.
int cublasLtMatmulAlgoGetHeuristic(Light* handle, Product* product, Layout* a, Layout* b, Layout* c, Layout* d, Preference* preference, int most, Heuristic* found, int* count)
{
    CALL(cublasLtMatmulAlgoGetHeuristic);
    if (!is(handle, "cublasLt handle") || !is(product, "product") || !is(preference, "preference")) return misuse(InvalidValue, "no such handle, product or preference");
    for (Layout* layout : { a, b, c, d })
        if (!is(layout, "layout")) return misuse(InvalidValue, "no such layout");
    int m = (int)(product->transA ? a->columns : a->rows), k = (int)(product->transA ? a->rows : a->columns), n = (int)(product->transB ? b->rows : b->columns);
    if ((uint64_t)k != (product->transB ? b->columns : b->rows) || d->rows != (uint64_t)m || d->columns != (uint64_t)n) return misuse(InvalidValue, "sizes that do not match");
    *count = 0;
    for (int number = 0; number < 3 && *count < most; number++)
    {
        uint64_t bytes = number == 1 ? 4ull * m * n + 4 : 0;
        if (bytes > preference->workspaceBytes) continue;
        Heuristic& h = found[(*count)++];
        std::memset(&h, 0, sizeof h);
        Algorithm algorithm { Magic, number, m, n, k, *std::min_element(preference->alignment, preference->alignment + 4), bytes };
        std::memcpy(h.algorithm, &algorithm, sizeof algorithm);
        h.workspaceBytes = bytes;
        h.state = number == 2 ? NotSupported : Success;
    }
    return *count ? Success : NotSupported;
}

int cublasLtMatmul(Light* handle, Product* product, const float* alpha, uint64_t a, Layout* layoutA, uint64_t b, Layout* layoutB, const float* beta, uint64_t c, Layout* layoutC, uint64_t d,
    Layout* layoutD, const void* chosen, uint64_t workspace, size_t workspaceBytes, void* stream)
{
    CALL(cublasLtMatmul);
    if (!is(handle, "cublasLt handle") || !is(product, "product")) return misuse(InvalidValue, "no such handle or product");
    for (Layout* layout : { layoutA, layoutB, layoutC, layoutD })
        if (!is(layout, "layout")) return misuse(InvalidValue, "no such layout");
    if (!is_stream(stream)) return misuse(InvalidValue, "no such stream");
    if (c != d || layoutC != layoutD) return misuse(NotSupported, "the result lies elsewhere");
    Algorithm algorithm;
    std::memcpy(&algorithm, chosen, sizeof algorithm);
    int m = (int)layoutD->rows, n = (int)layoutD->columns, k = (int)(product->transA ? layoutA->rows : layoutA->columns);
    if (algorithm.magic != Magic || algorithm.m != m || algorithm.n != n || algorithm.k != k || algorithm.number > 1) return misuse(InvalidValue, "an algorithm for something else");
    for (uint64_t at : { a, b, d })
        if (at % algorithm.alignment) return misuse(InvalidValue, "less aligned than was promised");
    if (workspaceBytes < algorithm.workspaceBytes || (algorithm.workspaceBytes && (!is_device_memory(workspace, algorithm.workspaceBytes) || workspace % Alignment)))
        return misuse(InvalidValue, "too little workspace");
    Gemm g { product->transA == 1, product->transB == 1, m, n, k, (int)layoutA->ld, (int)layoutB->ld, (int)layoutD->ld, product->compute, *alpha, *beta, a, b, d };
    if (int wrong = check(g)) return wrong;
    return give(stream, [=] {
        spend("cublaslt " + std::to_string(algorithm.number));
        std::memset((void*)workspace, 0xFF, algorithm.workspaceBytes);
        multiply(g, g.compute == Compute32FFastTf32);
    }) ? ExecutionFailed : Success;
}
}
