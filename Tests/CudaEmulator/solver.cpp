// Plays cuSOLVER's symmetric eigensolver by rotations (Jacobi 1846), in double, on the stream that was set.
#include "vendor.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace emulator;

namespace
{
constexpr int Success = 0, NotInitialized = 1, InvalidValue = 3, ExecutionFailed = 6, Vectors = 1, Lower = 0;

struct Solver
{
    void* stream = nullptr;
    bool hasStream = false;
};

void solve(int n, float* a, int lda, float* values)
{
    std::vector<double> m((size_t)n * n), v((size_t)n * n);
    // The lower triangle of what lies column by column.
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) m[(size_t)i * n + j] = a[(size_t)std::min(i, j) * lda + std::max(i, j)];
    for (int i = 0; i < n; i++) v[(size_t)i * n + i] = 1;
    for (int sweep = 0; sweep < 60; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
            {
                double off = m[(size_t)p * n + q];
                if (std::abs(off) < 1e-300) continue;
                double theta = (m[(size_t)q * n + q] - m[(size_t)p * n + p]) / (2 * off), t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
                double c = 1 / std::sqrt(t * t + 1), s = t * c;
                for (int i = 0; i < n; i++)
                {
                    double x = m[(size_t)i * n + p], y = m[(size_t)i * n + q];
                    m[(size_t)i * n + p] = c * x - s * y;
                    m[(size_t)i * n + q] = s * x + c * y;
                }
                for (int i = 0; i < n; i++)
                {
                    double x = m[(size_t)p * n + i], y = m[(size_t)q * n + i];
                    m[(size_t)p * n + i] = c * x - s * y;
                    m[(size_t)q * n + i] = s * x + c * y;
                    x = v[(size_t)i * n + p], y = v[(size_t)i * n + q];
                    v[(size_t)i * n + p] = c * x - s * y;
                    v[(size_t)i * n + q] = s * x + c * y;
                }
            }
    std::vector<int> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int i, int j) { return m[(size_t)i * n + i] < m[(size_t)j * n + j]; });
    for (int j = 0; j < n; j++)
    {
        values[j] = (float)m[(size_t)order[j] * n + order[j]];
        for (int i = 0; i < n; i++) a[(size_t)j * lda + i] = (float)v[(size_t)i * n + order[j]];
    }
}

int space(int n) { return n * n + 2 * n + 1; }
}

extern "C" {
int cusolverGetProperty(int part, int* value)
{
    CALL(cusolverGetProperty);
    *value = part == 0 ? 12 : 0;
    return Success;
}

int cusolverDnCreate(Solver** handle)
{
    CALL(cusolverDnCreate);
    if (!has_context()) return NotInitialized;
    *handle = new Solver;
    made(*handle, "solver");
    return Success;
}

int cusolverDnDestroy(Solver* handle)
{
    CALL(cusolverDnDestroy);
    if (!gone(handle, "solver")) return InvalidValue;
    delete handle;
    return Success;
}

int cusolverDnSetStream(Solver* handle, void* stream)
{
    CALL(cusolverDnSetStream);
    if (!is(handle, "solver") || !is_stream(stream)) return InvalidValue;
    handle->stream = stream;
    handle->hasStream = true;
    return Success;
}

int cusolverDnSsyevd_bufferSize(Solver* handle, int mode, int triangle, int n, uint64_t a, int lda, uint64_t w, int* count)
{
    CALL(cusolverDnSsyevd_bufferSize);
    if (!is(handle, "solver") || mode != Vectors || triangle != Lower || n <= 0 || lda < n || !is_device_memory(a, 4 * (size_t)lda * n) || !is_device_memory(w, 4 * (size_t)n)) return InvalidValue;
    *count = space(n);
    return Success;
}

int cusolverDnSsyevd(Solver* handle, int mode, int triangle, int n, uint64_t a, int lda, uint64_t w, uint64_t work, int count, uint64_t info)
{
    CALL(cusolverDnSsyevd);
    if (!is(handle, "solver") || !handle->hasStream || mode != Vectors || triangle != Lower || n <= 0 || lda < n || count < space(n)) return InvalidValue;
    if (!is_device_memory(a, 4 * (size_t)lda * n) || !is_device_memory(w, 4 * (size_t)n) || !is_device_memory(work, 4 * (size_t)count) || !is_device_memory(info, 4)) return InvalidValue;
    // Told to fail to converge: as many entries as the version says.
    int failed = version_of("cusolver fails", 0);
    return give(handle->stream, [=] {
        spend("cusolver");
        std::memset((void*)work, 0xFF, 4 * (size_t)count);
        *(int*)info = failed;
        if (!failed) solve(n, (float*)a, lda, (float*)w);
    }) ? ExecutionFailed : Success;
}
}
