// SPDX-License-Identifier: MIT OR Apache-2.0
// The functions behind the helper numbers of each profile, and what engines need of them.
#pragma once
#include "core/base/result.h"
#include "core/interp/interp.h"

namespace kbpf {

// The engines' way to the helpers of a profile. A profile of neither of the two has none.
const Environment &helper_environment(const Profile &profile);

// Helpers that fix-up calls in place of general ones (verifier/inline_call.h). Null: there is none.
HelperFunction hash_table_helper(uint32_t number); // maps/hash_calls.cpp

HelperFunction ring_buffer_helper(uint32_t number);

// Environment::load_packet. context: a SkBuff (kernel/packet.h).
int64_t load_packet(uint64_t context, uint32_t offset, uint32_t bytes);

namespace helpers { // helpers.def
#define KBPF_HELPER(number, name, ret, a1, a2, a3, a4, a5, types, flags, since, prototype, text)             \
  uint64_t name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5);
#include "abi/helpers.def"
#include "abi/kfuncs.def"
#undef KBPF_HELPER
} // namespace helpers

namespace zcore_helpers { // helpers_zcore.def; the numbers that do nothing share one function
#define KBPF_HELPER(number, name, ret, a1, a2, a3, a4, a5, types, flags, since, prototype, text)             \
  uint64_t name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5);
#include "abi/helpers_zcore.def"
#undef KBPF_HELPER
} // namespace zcore_helpers

// What a helper returns for an error: the negative errno, as a register holds it.
constexpr uint64_t helper_error(Error error) {
  return static_cast<uint64_t>(-static_cast<int64_t>(to_errno(error)));
}
template <typename T> T *pointer(uint64_t register_value) { return reinterpret_cast<T *>(register_value); }

} // namespace kbpf
