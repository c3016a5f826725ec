// What the played libraries of the vendor have in common: their handles and descriptors, and what tests tell them to do.
#include "vendor.h"
#include <map>
#include <mutex>

namespace
{
std::recursive_mutex mutex;
std::map<std::string, int> failures, versions, calls;
std::map<const void*, std::string> objects;
std::string misused;

using Lock = std::lock_guard<std::recursive_mutex>;
}

namespace emulator
{
int begin_call(const char* function)
{
    Lock lock(mutex);
    calls[function]++;
    misused.clear();
    auto told = failures.find(function);
    return told == failures.end() ? 0 : told->second;
}

void made(const void* object, const char* kind)
{
    Lock lock(mutex);
    objects[object] = kind;
}

bool is(const void* object, const char* kind)
{
    Lock lock(mutex);
    auto found = objects.find(object);
    return found != objects.end() && found->second == kind;
}

bool gone(const void* object, const char* kind)
{
    Lock lock(mutex);
    if (!is(object, kind)) return false;
    objects.erase(object);
    return true;
}

int version_of(const char* library, int otherwise)
{
    Lock lock(mutex);
    auto told = versions.find(library);
    return told == versions.end() ? otherwise : told->second;
}

int misuse(int status, const std::string& text)
{
    Lock lock(mutex);
    misused = text;
    return status;
}

const std::string& last_misuse() { return misused; }
}

extern "C" {
// Forgets what tests have told the libraries.
void emulatorResetLibraries()
{
    Lock lock(mutex);
    failures.clear();
    versions.clear();
    calls.clear();
}

// Lets a function fail with a status; 0: no more.
void emulatorFail(const char* function, int status)
{
    Lock lock(mutex);
    if (status) failures[function] = status;
    else failures.erase(function);
}

void emulatorSetVersion(const char* library, int version)
{
    Lock lock(mutex);
    versions[library] = version;
}

int emulatorCalls(const char* function)
{
    Lock lock(mutex);
    return calls[function];
}

// Handles and descriptors that nobody has destroyed.
int emulatorObjects()
{
    Lock lock(mutex);
    return (int)objects.size();
}
}
