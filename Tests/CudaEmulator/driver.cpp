// Plays the CUDA driver over host memory. Work given to a stream is done when something waits for the stream, never before, so that what forgets to
// wait reads poison. Memory is poisoned when it is allocated and guarded on both sides; a fault stays, as on a device.
#include "scheduler.h"
#include "vendor.h"
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <set>

using namespace emulator;

namespace
{
constexpr int Success = 0, InvalidValue = 1, OutOfMemory = 2, NotInitialized = 3, InvalidDevice = 101, InvalidContext = 201, NotFound = 500, IllegalAddress = 700, LaunchFailed = 719,
    CaptureUnsupported = 900;
constexpr size_t GuardBytes = 256;

struct Stream;

// Counted: records that were asked for, and those that were reached. A wait is for the record that was the last when the wait was given.
struct Event
{
    long asked = 0, reached = 0;
    Stream* stream = nullptr;
    double time = 0;
};

// Work, or a wait for an event.
struct Item
{
    Work work;
    std::shared_ptr<Event> event;
    long record = 0;
};

struct Graph
{
    std::vector<Item> items;
};

struct Stream
{
    std::deque<Item> items;
    Graph* captured = nullptr;
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
std::map<Event*, std::shared_ptr<Event>> events;
std::map<std::string, long> calls, failures;    // of functions: how often each was called; at which call it fails
std::map<std::string, int> failureCodes;
Schedule order = Schedule::Ascending;
size_t memoryBytes = (size_t)4 << 30, usedBytes = 0;
int fault = Success, failAt = 0, launches = 0, contexts = 0;
bool initialized = false;
thread_local void* current = nullptr;

using Lock = std::lock_guard<std::recursive_mutex>;

// What leaves a context unusable stays.
bool is_sticky(int code) { return code == 46 || code == 214 || (code >= 700 && code < 720 && code != 701) || code == 999; }

int ready(const char* function)
{
    if (!initialized) return NotInitialized;
    if (fault) return fault;
    if (!current) return InvalidContext;
    auto failure = failures.find(function);
    if (++calls[function]; failure == failures.end() || calls[function] != failure->second) return Success;
    int code = failureCodes[function];
    failures.erase(failure);
    if (is_sticky(code)) fault = code;
    return code;
}

#define REQUIRE_CONTEXT \
    Lock lock(mutex); \
    if (int notReady = ready(__func__)) return notReady

bool can_run(const Item& item) { return !item.event || item.event->reached >= item.record; }

void step(Stream* s)
{
    Item next = std::move(s->items.front());
    s->items.pop_front();
    if (!fault && next.work) next.work();
}

// Another stream than the one that must go on, where one can.
Stream* choose(Stream* but)
{
    std::vector<Stream*> able;
    for (Stream* s : streams)
        if (s != but && !s->items.empty() && can_run(s->items.front())) able.push_back(s);
    return able.empty() ? nullptr : able[random_below(able.size())];
}

// Lets a stream go on until it is as far as is asked. Other streams do what it waits for and no more (ascending), all they can before each of its steps
// (descending), or something now and then (random): a device promises nothing about two streams but what events say.
void advance_until(Stream* s, const std::function<bool()>& done)
{
    while (!done() && !s->items.empty())
    {
        if (order != Schedule::Ascending && (order == Schedule::Descending || random_below(2)))
            if (Stream* other = choose(s))
            {
                step(other);
                continue;
            }
        Item& next = s->items.front();
        if (!can_run(next))
        {
            auto event = next.event;
            long record = next.record;
            if (fault) event->reached = record;
            else advance_until(event->stream, [&] { return event->reached >= record; });
            continue;
        }
        step(s);
    }
}

void drain(Stream* s)
{
    advance_until(s, [] { return false; });
}

void drain(Event* e)
{
    if (e->reached < e->asked && streams.count(e->stream)) advance_until(e->stream, [=] { return e->reached >= e->asked; });
}

bool is_capturing()
{
    for (Stream* s : streams)
        if (s->captured) return true;
    return false;
}

int submit(Stream* s, Item item)
{
    if (!streams.count(s)) return InvalidValue;
    if (s->captured) s->captured->items.push_back(std::move(item));
    else s->items.push_back(std::move(item));
    return Success;
}

int submit(Stream* s, Work work) { return submit(s, Item { std::move(work), nullptr, 0 }); }

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
void emulatorSetSchedule(int schedule)
{
    order = static_cast<Schedule>(schedule);
    set_schedule(order);
}

// How often a function was called by who had a context.
long emulatorDriverCalls(const char* function)
{
    Lock lock(mutex);
    return calls[function];
}

// Lets the call after so many more of a function return a code; what leaves a context unusable stays.
void emulatorDriverFails(const char* function, int callsUntilThen, int code)
{
    Lock lock(mutex);
    failures[function] = calls[function] + callsUntilThen;
    failureCodes[function] = code;
}

// Forgets a fault, sets the memory and lets the launch after so many more fail with an illegal address; 0: none.
void emulatorReset(size_t bytes, int launchesUntilFault)
{
    Lock lock(mutex);
    memoryBytes = bytes;
    fault = Success;
    failures.clear();
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
    if (is_capturing()) return CaptureUnsupported;
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
    auto made = std::make_shared<Event>();
    events[*e = made.get()] = made;
    return Success;
}

int cuEventDestroy_v2(Event* e)
{
    Lock lock(mutex);
    return events.erase(e) ? Success : InvalidValue;
}

int cuEventRecord(Event* e, Stream* s)
{
    REQUIRE_CONTEXT;
    if (!events.count(e)) return InvalidValue;
    e->stream = s;
    long record = ++e->asked;
    return submit(s, [kept = events[e], record] {
        kept->reached = std::max(kept->reached, record);
        kept->time = now();
    });
}

int cuEventSynchronize(Event* e)
{
    REQUIRE_CONTEXT;
    if (!events.count(e)) return InvalidValue;
    if (is_capturing()) return CaptureUnsupported;
    drain(e);
    return fault;
}

int cuEventElapsedTime(float* milliseconds, Event* from, Event* to)
{
    REQUIRE_CONTEXT;
    if (!from->asked || !to->asked) return InvalidValue;
    if (from->reached < from->asked || to->reached < to->asked) return 600;
    *milliseconds = (float)(to->time - from->time);
    return Success;
}

int cuStreamWaitEvent(Stream* s, Event* e, unsigned)
{
    REQUIRE_CONTEXT;
    if (!events.count(e)) return InvalidValue;
    return submit(s, Item { nullptr, events[e], e->asked });
}

int cuStreamBeginCapture_v2(Stream* s, unsigned)
{
    REQUIRE_CONTEXT;
    if (!streams.count(s) || s->captured) return InvalidValue;
    s->captured = new Graph;
    return Success;
}

// Ends the capture also where it fails.
int cuStreamEndCapture(Stream* s, Graph** g)
{
    Lock lock(mutex);
    if (!streams.count(s) || !s->captured) return InvalidValue;
    *g = s->captured;
    s->captured = nullptr;
    int error = ready(__func__);
    if (error)
    {
        delete *g;
        *g = nullptr;
    }
    return error;
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
    for (const Item& item : g->items)
        if (int error = submit(s, item)) return error;
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
