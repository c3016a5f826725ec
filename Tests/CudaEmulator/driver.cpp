// Plays the CUDA driver over host memory. Work given to a stream is done when something waits for the stream, never before, so that what forgets to
// wait reads poison. Memory is poisoned when it is allocated and guarded on both sides; a fault stays, as on a device.
#include "scheduler.h"
#include "vendor.h"
#include <chrono>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <set>

using namespace emulator;

namespace
{
constexpr int Success = 0, InvalidValue = 1, OutOfMemory = 2, NotInitialized = 3, InvalidDevice = 101, InvalidContext = 201, NotFound = 500, IllegalAddress = 700, LaunchFailed = 719,
    CaptureUnsupported = 900;
constexpr size_t GuardBytes = 256;

struct Graph
{
    std::vector<Work> work;
};

struct Stream
{
    std::deque<Work> work;
    Graph* captured = nullptr;
};

struct Event
{
    bool isRecorded = false;
    Stream* pending = nullptr;      // whose queue still holds it
    double time = 0;
};

struct Allocation
{
    size_t bytes;
    char* base;
};

std::recursive_mutex mutex;
std::map<uint64_t, Allocation> allocations;
std::map<void*, size_t> hostAllocations;
std::set<Stream*> streams;
size_t memoryBytes = (size_t)4 << 30, usedBytes = 0;
int fault = Success, failAt = 0, launches = 0, contexts = 0;
bool initialized = false;
thread_local void* current = nullptr;

using Lock = std::lock_guard<std::recursive_mutex>;

int ready()
{
    if (!initialized) return NotInitialized;
    if (fault) return fault;
    return current ? Success : InvalidContext;
}

#define REQUIRE_CONTEXT \
    Lock lock(mutex); \
    if (int notReady = ready()) return notReady

void drain(Stream* s)
{
    while (!s->work.empty())
    {
        Work next = std::move(s->work.front());
        s->work.pop_front();
        if (!fault) next();
    }
}

bool is_capturing()
{
    for (Stream* s : streams)
        if (s->captured) return true;
    return false;
}

int submit(Stream* s, Work work)
{
    if (!streams.count(s)) return InvalidValue;
    if (s->captured) s->captured->work.push_back(std::move(work));
    else s->work.push_back(std::move(work));
    return Success;
}

// Whether the bytes lie within one allocation of device memory.
bool is_device(uint64_t at, size_t bytes)
{
    auto next = allocations.upper_bound(at);
    if (next == allocations.begin()) return false;
    auto found = std::prev(next);
    return at + bytes <= found->first + found->second.bytes;
}

bool guards_hold(uint64_t at, const Allocation& a)
{
    const char* end = reinterpret_cast<const char*>(at) + a.bytes;
    for (size_t i = 0; i < GuardBytes; i++)
        if (a.base[i] != '\x5A' || end[i] != '\x5A') return false;
    return true;
}

// By a clock on which each piece of work takes what a test says; by the machine's where none says anything.
bool isTold = false;
double toldTime = 0;
std::map<std::string, double> costs;

double now() { return isTold ? toldTime : std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
}

namespace emulator
{
bool has_context() { return current != nullptr; }

bool is_stream(const void* stream)
{
    Lock lock(mutex);
    return streams.count(static_cast<Stream*>(const_cast<void*>(stream)));
}

bool is_device_memory(uint64_t at, size_t bytes)
{
    Lock lock(mutex);
    return is_device(at, bytes);
}

int give(void* stream, Work work)
{
    REQUIRE_CONTEXT;
    return submit(static_cast<Stream*>(stream), std::move(work));
}

void spend(const std::string& work)
{
    auto told = costs.find(work);
    toldTime += told == costs.end() ? 1 : told->second;
}
}

// What tests ask of the played driver; no driver has these.
extern "C" {
void emulatorSetSchedule(int schedule) { set_schedule(static_cast<Schedule>(schedule)); }

// Forgets a fault, sets the memory and lets the launch after so many more fail with an illegal address; 0: none.
void emulatorReset(size_t bytes, int launchesUntilFault)
{
    Lock lock(mutex);
    memoryBytes = bytes;
    fault = Success;
    failAt = launchesUntilFault ? launches + launchesUntilFault : 0;
}

// Milliseconds that work of a name takes on the clock of events: «launch», «cublas», «cudnn forward 1». No name: the machine's clock again.
void emulatorSetCost(const char* work, double milliseconds)
{
    Lock lock(mutex);
    isTold = work != nullptr;
    if (work) costs[work] = milliseconds;
    else costs.clear();
}

size_t emulatorUsedBytes() { return usedBytes; }
int emulatorLaunches() { return launches; }
int emulatorContexts() { return contexts; }

// Bytes of a kernel's parameter, or 0 beyond the last; -1 where there is no such kernel.
long emulatorParameterBytes(const char* kernel, int parameter)
{
    auto found = entries().find(kernel);
    if (found == entries().end()) return -1;
    return parameter < (int)found->second.sizes.size() ? (long)found->second.sizes[parameter] : 0;
}
}

extern "C" {
int cuInit(unsigned)
{
    initialized = true;
    return Success;
}

int cuDriverGetVersion(int* version)
{
    *version = version_of("driver", 13000);
    return Success;
}

int cuGetErrorName(int error, const char** name)
{
    switch (error)
    {
        case Success: *name = "CUDA_SUCCESS"; return Success;
        case InvalidValue: *name = "CUDA_ERROR_INVALID_VALUE"; return Success;
        case OutOfMemory: *name = "CUDA_ERROR_OUT_OF_MEMORY"; return Success;
        case IllegalAddress: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; return Success;
        case LaunchFailed: *name = "CUDA_ERROR_LAUNCH_FAILED"; return Success;
        default: return InvalidValue;
    }
}

int cuGetErrorString(int error, const char** text)
{
    switch (error)
    {
        case OutOfMemory: *text = "out of memory"; return Success;
        case IllegalAddress: *text = "an illegal memory access was encountered"; return Success;
        case LaunchFailed: *text = "a barrier that not all threads of a block reach"; return Success;
        default: return InvalidValue;
    }
}

int cuDeviceGetCount(int* count)
{
    *count = 1;
    return Success;
}

int cuDeviceGet(int* device, int ordinal)
{
    *device = ordinal;
    return ordinal == 0 ? Success : InvalidDevice;
}

int cuDeviceGetName(char* name, int length, int)
{
    std::strncpy(name, "host emulator", length);
    return Success;
}

int cuDeviceGetAttribute(int* value, int attribute, int)
{
    switch (attribute)
    {
        case 16: *value = 2; break;
        case 75: *value = 9; break;
        case 76: *value = 0; break;
        default: *value = 0; break;
    }
    return Success;
}

int cuDeviceTotalMem_v2(size_t* bytes, int)
{
    *bytes = memoryBytes;
    return Success;
}

int cuDevicePrimaryCtxRetain(void** context, int)
{
    Lock lock(mutex);
    contexts++;
    *context = &contexts;
    return Success;
}

int cuDevicePrimaryCtxRelease_v2(int)
{
    Lock lock(mutex);
    contexts--;
    return Success;
}

int cuCtxSetCurrent(void* context)
{
    current = context;
    return Success;
}

int cuMemGetInfo_v2(size_t* free, size_t* total)
{
    REQUIRE_CONTEXT;
    *free = memoryBytes - std::min(usedBytes, memoryBytes);
    *total = memoryBytes;
    return Success;
}

int cuMemAlloc_v2(uint64_t* at, size_t bytes)
{
    REQUIRE_CONTEXT;
    if (bytes == 0) return InvalidValue;
    if (is_capturing()) return CaptureUnsupported;
    if (usedBytes + bytes > memoryBytes) return OutOfMemory;
    size_t whole = (bytes + 2 * GuardBytes + 255) / 256 * 256;
    char* base = static_cast<char*>(std::aligned_alloc(256, whole));
    std::memset(base, 0x5A, whole);
    std::memset(base + GuardBytes, 0xFF, bytes);
    *at = reinterpret_cast<uint64_t>(base) + GuardBytes;
    allocations[*at] = { bytes, base };
    usedBytes += bytes;
    return Success;
}

// Waits for everything, as the driver does; a guard that was written over is a fault.
int cuMemFree_v2(uint64_t at)
{
    Lock lock(mutex);
    if (!current) return InvalidContext;
    auto found = allocations.find(at);
    if (found == allocations.end()) return InvalidValue;
    for (Stream* s : streams) drain(s);
    bool whole = guards_hold(at, found->second);
    usedBytes -= found->second.bytes;
    std::free(found->second.base);
    allocations.erase(found);
    if (!whole) fault = IllegalAddress;
    return fault;
}

int cuMemHostAlloc(void** at, size_t bytes, unsigned)
{
    REQUIRE_CONTEXT;
    *at = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    hostAllocations[*at] = bytes;
    return Success;
}

int cuMemFreeHost(void* at)
{
    Lock lock(mutex);
    if (!hostAllocations.erase(at)) return InvalidValue;
    for (Stream* s : streams) drain(s);
    std::free(at);
    return fault;
}

int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, Stream* s)
{
    REQUIRE_CONTEXT;
    if (!is_device(to, bytes)) return InvalidValue;
    return submit(s, [=] { std::memcpy(reinterpret_cast<void*>(to), from, bytes); });
}

int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, Stream* s)
{
    REQUIRE_CONTEXT;
    if (!is_device(from, bytes)) return InvalidValue;
    return submit(s, [=] { std::memcpy(to, reinterpret_cast<void*>(from), bytes); });
}

int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, Stream* s)
{
    REQUIRE_CONTEXT;
    if (!is_device(from, bytes) || !is_device(to, bytes)) return InvalidValue;
    return submit(s, [=] { std::memmove(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes); });
}

int cuMemsetD32Async(uint64_t to, unsigned value, size_t count, Stream* s)
{
    REQUIRE_CONTEXT;
    if (!is_device(to, 4 * count)) return InvalidValue;
    return submit(s, [=] { std::fill_n(reinterpret_cast<unsigned*>(to), count, value); });
}

int cuStreamCreate(Stream** s, unsigned)
{
    REQUIRE_CONTEXT;
    *s = new Stream;
    streams.insert(*s);
    return Success;
}

int cuStreamDestroy_v2(Stream* s)
{
    Lock lock(mutex);
    if (!streams.count(s)) return InvalidValue;
    drain(s);
    streams.erase(s);
    delete s;
    return fault;
}

int cuStreamSynchronize(Stream* s)
{
    REQUIRE_CONTEXT;
    if (!streams.count(s)) return InvalidValue;
    if (s->captured) return CaptureUnsupported;
    drain(s);
    return fault;
}

int cuEventCreate(Event** e, unsigned)
{
    REQUIRE_CONTEXT;
    *e = new Event;
    return Success;
}

int cuEventDestroy_v2(Event* e)
{
    Lock lock(mutex);
    if (e->pending) drain(e->pending);
    delete e;
    return Success;
}

int cuEventRecord(Event* e, Stream* s)
{
    REQUIRE_CONTEXT;
    e->isRecorded = true;
    e->pending = s;
    return submit(s, [=] {
        e->pending = nullptr;
        e->time = now();
    });
}

int cuEventSynchronize(Event* e)
{
    REQUIRE_CONTEXT;
    if (is_capturing()) return CaptureUnsupported;
    if (e->pending) drain(e->pending);
    return fault;
}

int cuEventElapsedTime(float* milliseconds, Event* from, Event* to)
{
    REQUIRE_CONTEXT;
    if (!from->isRecorded || !to->isRecorded) return InvalidValue;
    if (from->pending || to->pending) return 600;
    *milliseconds = (float)(to->time - from->time);
    return Success;
}

int cuStreamWaitEvent(Stream* s, Event* e, unsigned)
{
    REQUIRE_CONTEXT;
    return submit(s, [=] {
        if (e->pending && e->pending != s) drain(e->pending);
    });
}

int cuStreamBeginCapture_v2(Stream* s, unsigned)
{
    REQUIRE_CONTEXT;
    if (!streams.count(s) || s->captured) return InvalidValue;
    s->captured = new Graph;
    return Success;
}

int cuStreamEndCapture(Stream* s, Graph** g)
{
    REQUIRE_CONTEXT;
    if (!streams.count(s) || !s->captured) return InvalidValue;
    *g = s->captured;
    s->captured = nullptr;
    return Success;
}

int cuGraphInstantiateWithFlags(Graph** made, Graph* g, uint64_t)
{
    REQUIRE_CONTEXT;
    *made = new Graph(*g);
    return Success;
}

int cuGraphLaunch(Graph* g, Stream* s)
{
    REQUIRE_CONTEXT;
    for (const Work& work : g->work)
        if (int error = submit(s, work)) return error;
    return Success;
}

int cuGraphExecDestroy(Graph* g)
{
    delete g;
    return Success;
}

int cuGraphDestroy(Graph* g)
{
    delete g;
    return Success;
}

int cuModuleLoadDataEx(void** module, const void* image, unsigned, void*, void*)
{
    REQUIRE_CONTEXT;
    *module = const_cast<void*>(image);
    return Success;
}

int cuModuleUnload(void*) { return Success; }

int cuModuleGetFunction(const Entry** function, void*, const char* name)
{
    REQUIRE_CONTEXT;
    auto found = entries().find(name);
    if (found == entries().end()) return NotFound;
    *function = &found->second;
    return Success;
}

int cuFuncGetAttribute(int* value, int, void*)
{
    *value = 0;
    return Success;
}

int cuLaunchKernel(const Entry* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream* s, void** arguments, void**)
{
    REQUIRE_CONTEXT;
    if (gx == 0 || gy == 0 || gz == 0 || gy > 65535 || gz > 65535 || bx * by * bz == 0 || bx * by * bz > 1024 || shared > 48 * 1024) return InvalidValue;
    return submit(s, [=, body = function->take(arguments)] {
        launches++;
        spend("launch");
        if (launches == failAt) fault = IllegalAddress;
        else if (run(body, { gx, gy, gz }, { bx, by, bz }, shared) != Outcome::Done) fault = LaunchFailed;
    });
}
}
