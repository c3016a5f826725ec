// What the played libraries ask of the played driver, and what they have in common.
#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

namespace emulator
{
using Work = std::function<void()>;

// Of driver.cpp.
bool has_context();
bool is_stream(const void* stream);
bool is_device_memory(uint64_t at, size_t bytes);
int give(void* stream, Work work);
void spend(const std::string& work);

// Of vendor.cpp. A call is counted; gives the status that a test has told the function to fail with, or 0.
int begin_call(const char* function);

// Handles and descriptors that are alive, each with its kind: what is not among them is refused.
void made(const void* object, const char* kind);
bool is(const void* object, const char* kind);
bool gone(const void* object, const char* kind);

int version_of(const char* library, int otherwise);

// Says what was wrong with a call.
int misuse(int status, const std::string& text);
const std::string& last_misuse();

inline uint32_t bits_of(float v)
{
    uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return bits;
}

inline float of_bits(uint32_t bits)
{
    float v;
    std::memcpy(&v, &bits, sizeof v);
    return v;
}

// The nearest number with so many bits of mantissa fewer.
inline float rounded(float v, int fewer)
{
    uint32_t bits = bits_of(v), half = (1u << (fewer - 1)) - 1;
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return v;
    return of_bits((bits + half + (bits >> fewer & 1)) >> fewer << fewer);
}

inline float to_tf32(float v) { return rounded(v, 13); }
inline float to_bfloat16(float v) { return rounded(v, 16); }
}

// Begins a function of a played library.
#define CALL(function) \
    if (int told = emulator::begin_call(#function)) return told
