// The kernels under test as host code; -DKERNELS names their file.
#include "emulator.h"
namespace
{
#include KERNELS
}
