// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers of timers. The verifier has seen to it that r1 is the bpf_timer of a value of the map that r2 is.
#include "kernel/timer.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"

namespace kbpf::helpers {
namespace {

uint64_t status(Result<void> result) { return result.ok() ? 0 : helper_error(result.error()); }
Timer *timer_of(uint64_t field) { return Timer::of(pointer<std::byte>(field)); }

} // namespace

uint64_t timer_init(uint64_t timer, uint64_t map, uint64_t flags, uint64_t, uint64_t) {
  return status(pointer<Map>(map)->init_timer(pointer<std::byte>(timer), flags));
}

uint64_t timer_set_callback(uint64_t timer, uint64_t callback, uint64_t, uint64_t, uint64_t) {
  Timer *known = timer_of(timer);
  return known ? status(known->set_callback(callback)) : helper_error(Error::invalid);
}

uint64_t timer_start(uint64_t timer, uint64_t nanoseconds, uint64_t flags, uint64_t, uint64_t) {
  Timer *known = timer_of(timer);
  return known ? status(known->start(nanoseconds, flags)) : helper_error(Error::invalid);
}

uint64_t timer_cancel(uint64_t timer, uint64_t, uint64_t, uint64_t, uint64_t) {
  Timer *known = timer_of(timer);
  if (!known)
    return helper_error(Error::invalid);
  Result<bool> cancelled = known->cancel();
  return cancelled.ok() ? uint64_t{*cancelled} : helper_error(cancelled.error());
}

} // namespace kbpf::helpers
