// What the played driver asks of the emulator.
#pragma once
#include "emulator.h"

namespace emulator
{
// Order in which the threads of a block run between two barriers: warp by warp, each as far as it can, or all a step at a time. Descending runs the blocks
// backwards, too.
enum class Schedule { Ascending, Descending, Random };

enum class Outcome { Done, DivergentBarrier, Deadlock };

void set_schedule(Schedule schedule);

// A number below another, the same ones in each process.
uint64_t random_below(uint64_t bound);

// Runs every thread of a grid. Shared memory beyond the kernel's own arrays: sharedBytes.
Outcome run(const std::function<void()>& body, Index grid, Index size, size_t sharedBytes);
}
