// Runs a launch: blocks one after the other, the threads of a block as fibers in a chosen order. Shared memory holds NaN before each block.
#include "emulator.h"
#include "scheduler.h"
#ifndef __x86_64__
#include <ucontext.h>
#endif

namespace emulator
{
Block* block;
Fiber* fiber;

namespace
{
constexpr size_t StackBytes = 64 << 10;
Schedule schedule = Schedule::Ascending;
std::vector<char*> freeStacks;
std::vector<std::pair<void*, size_t>> sharedArrays;
uint64_t randomState = 88172645463325252ull;

uint64_t next_random()
{
    randomState ^= randomState << 13;
    randomState ^= randomState >> 7;
    randomState ^= randomState << 17;
    return randomState;
}

void run_thread()
{
    (*block->body)();
    wait(State::Done);
}

#ifdef __x86_64__
// Saves what a called function must keep, and goes on with another stack.
extern "C" void emulator_switch(void** from, void* to);
asm(R"(
.text
.type emulator_switch, @function
emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size emulator_switch, .-emulator_switch
)");

void prepare(Fiber& f)
{
    auto** top = reinterpret_cast<void**>((reinterpret_cast<uintptr_t>(f.stack) + StackBytes) & ~uintptr_t(63));
    *--top = nullptr;                                   // where run_thread would return to, and what aligns the stack
    *--top = reinterpret_cast<void*>(&run_thread);
    for (int i = 0; i < 6; i++) *--top = nullptr;
    f.stackPointer = top;
}

void enter(Fiber& f) { emulator_switch(&block->scheduler, f.stackPointer); }
void leave() { emulator_switch(&fiber->stackPointer, block->scheduler); }
#else
ucontext_t& context(void*& place)
{
    if (!place) place = new ucontext_t;
    return *static_cast<ucontext_t*>(place);
}

void prepare(Fiber& f)
{
    ucontext_t& c = context(f.stackPointer);
    getcontext(&c);
    c.uc_stack.ss_sp = f.stack;
    c.uc_stack.ss_size = StackBytes;
    makecontext(&c, run_thread, 0);
}

void enter(Fiber& f) { swapcontext(&context(block->scheduler), &context(f.stackPointer)); }
void leave() { swapcontext(&context(fiber->stackPointer), &context(block->scheduler)); }
#endif

void take_stack(Fiber& f)
{
    if (freeStacks.empty()) freeStacks.push_back(new char[StackBytes]);
    f.stack = freeStacks.back();
    freeStacks.pop_back();
    prepare(f);
}

void give_stack_back(Fiber& f)
{
    freeStacks.push_back(f.stack);
    f.stack = nullptr;
}

// Lets a warp go on whose waiting threads have all come; whether it could.
bool release(Block& b, size_t warp)
{
    size_t first = warp * 32, end = std::min(first + 32, b.fibers.size());
    unsigned waiting = 0, alive = 0;
    for (size_t i = first; i < end; i++)
    {
        if (b.fibers[i].state == State::AtExchange) waiting |= 1u << (i - first);
        if (b.fibers[i].state != State::Done) alive |= 1u << (i - first);
    }
    if (waiting == 0) return false;
    for (size_t i = first; i < end; i++)
        if (b.fibers[i].state == State::AtExchange && (b.fibers[i].mask & alive & ~waiting) != 0) return false;
    for (size_t i = first; i < end; i++)
        if (b.fibers[i].state == State::AtExchange) b.fibers[i].state = State::Ready;
    return true;
}

// Runs a thread, if it can, to the next place where it must meet others.
void advance(Fiber& f)
{
    if (f.state == State::Fresh)
    {
        take_stack(f);
        f.state = State::Ready;
    }
    if (f.state != State::Ready) return;
    fiber = &f;
    enter(f);
    if (f.state == State::Done) give_stack_back(f);
}

// All threads a step each, in a new order, and so on.
void advance_at_random(Block& b, std::vector<int>& order)
{
    bool any = true;
    while (any)
    {
        for (size_t i = order.size() - 1; i > 0; i--) std::swap(order[i], order[next_random() % (i + 1)]);
        for (int number : order) advance(b.fibers[number]);
        any = false;
        for (size_t warp = 0; warp * 32 < b.fibers.size(); warp++) any |= release(b, warp);
    }
}

// One warp as far as it can go, then the next: as far ahead of the others as a device may let it run.
void advance_by_warps(Block& b, const std::vector<int>& order)
{
    for (size_t i = 0; i < order.size();)
    {
        size_t warp = order[i] / 32, begin = i;
        while (i < order.size() && order[i] / 32 == (int)warp) i++;
        do
            for (size_t j = begin; j < i; j++) advance(b.fibers[order[j]]);
        while (release(b, warp));
    }
}

Outcome run_block(Block& b, std::vector<int>& order)
{
    for (;;)
    {
        if (schedule == Schedule::Random) advance_at_random(b, order);
        else advance_by_warps(b, order);
        size_t done = 0, atBarrier = 0;
        for (Fiber& f : b.fibers)
        {
            done += f.state == State::Done;
            atBarrier += f.state == State::AtBarrier;
        }
        if (done == b.fibers.size()) return Outcome::Done;
        if (atBarrier + done != b.fibers.size()) return Outcome::Deadlock;
        if (done > 0) return Outcome::DivergentBarrier;
        for (Fiber& f : b.fibers) f.state = State::Ready;
    }
}
}

void wait(State state)
{
    fiber->state = state;
    leave();
}

std::map<std::string, Entry>& entries()
{
    static std::map<std::string, Entry> all;
    return all;
}

SharedArray::SharedArray(void* at, size_t bytes)
{
    sharedArrays.push_back({ at, bytes });
    std::memset(at, 0xFF, bytes);
}

void set_schedule(Schedule chosen) { schedule = chosen; }

uint64_t random_below(uint64_t bound) { return next_random() % bound; }

Outcome run(const std::function<void()>& body, Index grid, Index size, size_t sharedBytes)
{
    static Block b;
    static std::vector<char> bytes;
    std::vector<int> order;
    size_t count = (size_t)size.x * size.y * size.z;
    bytes.resize(std::max(bytes.size(), sharedBytes + 64));
    b.fibers.assign(count, Fiber());
    for (size_t i = 0; i < count; i++)
    {
        b.fibers[i].number = (int)i;
        b.fibers[i].index = { (unsigned)(i % size.x), (unsigned)(i / size.x % size.y), (unsigned)(i / size.x / size.y) };
        order.push_back((int)(schedule == Schedule::Descending ? count - 1 - i : i));
    }
    b.grid = grid;
    b.size = size;
    b.body = &body;
    b.sharedBytes = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(bytes.data()) + 63) & ~uintptr_t(63));
    block = &b;
    uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
    for (uint64_t i = 0; i < blocks; i++)
    {
        uint64_t at = schedule == Schedule::Descending ? blocks - 1 - i : i;
        b.index = { (unsigned)(at % grid.x), (unsigned)(at / grid.x % grid.y), (unsigned)(at / grid.x / grid.y) };
        std::memset(b.sharedBytes, 0xFF, sharedBytes);
        for (auto& array : sharedArrays) std::memset(array.first, 0xFF, array.second);
        for (Fiber& f : b.fibers) f.state = State::Fresh;
        Outcome outcome = run_block(b, order);
        if (outcome == Outcome::Done) continue;
        for (Fiber& f : b.fibers)
            if (f.stack) give_stack_back(f);
        return outcome;
    }
    return Outcome::Done;
}
}
