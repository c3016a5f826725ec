// The part of CUDA C++ that NativeKernels.cu uses, for a host compiler: each CUDA thread of a block is a fiber, and a barrier or a warp's exchange
// switches to the next. What the emulator cannot do is a compile error here.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace emulator
{
struct Index
{
    unsigned x, y, z;
};

enum class State { Fresh, Ready, AtBarrier, AtExchange, Done };

// One CUDA thread.
struct Fiber
{
    void* stackPointer = nullptr;
    char* stack = nullptr;
    State state = State::Fresh;
    Index index {};
    int number = 0;
    unsigned mask = 0;
};

// One block: what its threads share.
struct Block
{
    std::vector<Fiber> fibers;
    Index index {}, size {}, grid {};
    char* sharedBytes = nullptr;
    uint64_t slots[32][32] {};
    const std::function<void()>* body = nullptr;
    void* scheduler = nullptr;
};

// A shared array of the kernels; holds NaN when a block begins.
struct SharedArray
{
    SharedArray(void* at, size_t bytes);
};

extern Block* block;
extern Fiber* fiber;

// Leaves the running thread until all that must meet it there have come.
void wait(State state);

inline void exchange_barrier(unsigned mask)
{
    fiber->mask = mask;
    wait(State::AtExchange);
}

template <class T, class Source> T exchange(unsigned mask, T value, Source source)
{
    static_assert(sizeof(T) <= sizeof(uint64_t));
    int warp = fiber->number / 32, lane = fiber->number % 32;
    std::memcpy(&block->slots[warp][lane], &value, sizeof(T));
    exchange_barrier(mask);
    std::memcpy(&value, &block->slots[warp][source(lane)], sizeof(T));
    exchange_barrier(mask);
    return value;
}

// Takes a launch's arguments by value, and gives what runs one thread.
using Taker = std::function<void()> (*)(void** arguments);

struct Entry
{
    Taker take;
    std::vector<size_t> sizes;
};

std::map<std::string, Entry>& entries();

template <class... A, size_t... I> std::function<void()> take(void (*kernel)(A...), void** arguments, std::index_sequence<I...>)
{
    std::tuple<A...> values { *static_cast<A*>(arguments[I])... };
    return [kernel, values] { std::apply(kernel, values); };
}

template <class... A> std::function<void()> take(void (*kernel)(A...), void** arguments) { return take(kernel, arguments, std::index_sequence_for<A...>()); }

template <class... A> std::vector<size_t> sizes(void (*)(A...)) { return { sizeof(A)... }; }

struct Registration
{
    Registration(const char* name, Taker take, std::vector<size_t> sizes) { entries()[name] = { take, std::move(sizes) }; }
};
}

struct alignas(16) float4
{
    float x, y, z, w;
};

#define __global__
#define __device__
#define __forceinline__ inline
#define __align__(n) alignas(n)
#define threadIdx (emulator::fiber->index)
#define blockIdx (emulator::block->index)
#define blockDim (emulator::block->size)
#define gridDim (emulator::block->grid)
#define __syncthreads() emulator::wait(emulator::State::AtBarrier)
#define KERNEL(name) static void name
#define KERNEL_END(name) static emulator::Registration registration_##name(#name, [](void** a) { return emulator::take(name, a); }, emulator::sizes(name));
#define SHARED(type, name, size) static type name size; static emulator::SharedArray shared_##name(name, sizeof(name))
#define SHARED_ARRAY(type, name) type* name = reinterpret_cast<type*>(emulator::block->sharedBytes)

using std::max;
using std::min;

template <class T> T __shfl_xor_sync(unsigned mask, T value, int bits)
{
    return emulator::exchange(mask, value, [=](int lane) { return lane ^ bits; });
}

template <class T> T __shfl_sync(unsigned mask, T value, int from)
{
    return emulator::exchange(mask, value, [=](int) { return from % 32; });
}

inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }

inline unsigned __float_as_uint(float v)
{
    unsigned bits;
    std::memcpy(&bits, &v, sizeof bits);
    return bits;
}

inline float __uint_as_float(unsigned bits)
{
    float v;
    std::memcpy(&v, &bits, sizeof v);
    return v;
}
