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

// Frees the warps whose waiting threads have all come; whether there was one.
bool release_warps(Block& b)
{
    bool any = false;
    for (size_t first = 0; first < b.fibers.size(); first += 32)
    {
        size_t end = std::min(first + 32, b.fibers.size());
        unsigned waiting = 0, alive = 0;
        for (size_t i = first; i < end; i++)
        {
            if (b.fibers[i].state == State::AtExchange) waiting |= 1u << (i - first);
            if (b.fibers[i].state != State::Done) alive |= 1u << (i - first);
        }
        bool complete = waiting != 0;
        for (size_t i = first; i < end; i++)
            if (b.fibers[i].state == State::AtExchange && (b.fibers[i].mask & alive & ~waiting) != 0) complete = false;
        for (size_t i = first; complete && i < end; i++)
            if (b.fibers[i].state == State::AtExchange) b.fibers[i].state = State::Ready;
        any |= complete;
    }
    return any;
}

Outcome run_block(Block& b, std::vector<int>& order)
{
    size_t count = b.fibers.size();
    for (;;)
    {
        if (schedule == Schedule::Random)
            for (size_t i = count - 1; i > 0; i--) std::swap(order[i], order[next_random() % (i + 1)]);
        for (int number : order)
        {
            Fiber& f = b.fibers[number];
            if (f.state == State::Fresh)
            {
                take_stack(f);
                f.state = State::Ready;
            }
            if (f.state != State::Ready) continue;
            fiber = &f;
            enter(f);
            if (f.state == State::Done) give_stack_back(f);
        }
        size_t done = 0, atBarrier = 0;
        for (Fiber& f : b.fibers)
        {
            done += f.state == State::Done;
            atBarrier += f.state == State::AtBarrier;
        }
        if (done == count) return Outcome::Done;
        if (release_warps(b)) continue;
        if (atBarrier + done != count) return Outcome::Deadlock;
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
