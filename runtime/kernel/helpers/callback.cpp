// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers that call a function of the program back. The verifier has seen to it that it is one, and that it
// returns 0 (go on) or 1 (stop).
#include "core/interp/callback.h"
#include "kernel/helpers/dynptr.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/ringbuf.h"
#include "kernel/maps/user_ringbuf.h"
#include "kernel/port.h"

namespace kbpf::helpers {

uint64_t loop(uint64_t count, uint64_t callback, uint64_t context, uint64_t flags, uint64_t) {
  constexpr uint32_t kMaxRounds = 8u << 20;
  const uint32_t rounds = static_cast<uint32_t>(count);
  if (flags)
    return helper_error(Error::invalid);
  if (rounds > kMaxRounds)
    return helper_error(Error::too_big);
  for (uint32_t i = 0; i < rounds; i++)
    if (run_callback(callback, i, context, 0, 0, 0))
      return i + 1;
  return rounds;
}

uint64_t for_each_map_elem(uint64_t map, uint64_t callback, uint64_t context, uint64_t flags, uint64_t) {
  if (flags)
    return helper_error(Error::invalid);
  struct Rounds {
    uint64_t map, callback, context, count;
  } rounds{map, callback, context, 0};
  Result<void> done = pointer<Map>(map)->for_each(
      [](void *user, const void *key, void *value) {
        Rounds &rounds = *static_cast<Rounds *>(user);
        rounds.count++;
        return run_callback(rounds.callback, rounds.map, reinterpret_cast<uintptr_t>(key),
                            reinterpret_cast<uintptr_t>(value), rounds.context, 0) == 0;
      },
      &rounds);
  return done.ok() ? rounds.count : helper_error(done.error());
}

uint64_t user_ringbuf_drain(uint64_t map, uint64_t callback, uint64_t context, uint64_t flags, uint64_t) {
  if (flags & ~maps::kRingWakeupFlags)
    return helper_error(Error::invalid);
  struct Call {
    uint64_t callback, context;
  } call{callback, context};
  Result<uint64_t> count = static_cast<maps::UserRingBufferMap *>(pointer<Map>(map))
                               ->drain(
                                   [](void *user, std::byte *sample, uint32_t bytes) {
                                     const Call &call = *static_cast<Call *>(user);
                                     Dynptr ptr{sample, bytes};
                                     return run_callback(call.callback, reinterpret_cast<uintptr_t>(&ptr),
                                                         call.context, 0, 0, 0) == 0;
                                   },
                                   &call, flags);
  return count.ok() ? *count : helper_error(count.error());
}

// What the function returns is not looked at.
uint64_t find_vma(uint64_t task, uint64_t address, uint64_t callback, uint64_t context, uint64_t flags) {
  if (flags)
    return helper_error(Error::invalid);
  struct Call {
    uint64_t task, callback, context;
  } call{task, callback, context};
  const int status = kbpf_port_find_area(
      task, address,
      [](void *user, uint64_t area) {
        const Call &call = *static_cast<Call *>(user);
        run_callback(call.callback, call.task, area, call.context, 0, 0);
      },
      &call);
  return static_cast<uint64_t>(int64_t{status});
}

} // namespace kbpf::helpers
