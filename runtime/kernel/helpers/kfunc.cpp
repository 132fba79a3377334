// SPDX-License-Identifier: MIT OR Apache-2.0
// Kernel functions that programs call by name (abi/kfuncs.def). The verifier has seen that an iterator is
// made before it is used, and that nothing else writes to it.
#include "kernel/helpers/helpers.h"

namespace kbpf::helpers {
namespace {

constexpr int64_t kMostRounds = 8 << 20; // Linux's BPF_MAX_LOOPS

struct NumberIterator { // struct bpf_iter_num: 8 opaque bytes on the program's stack
  int32_t current;      // one less than the next number
  int32_t end;
};
static_assert(sizeof(NumberIterator) == 8);

} // namespace

uint64_t iter_num_new(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t, uint64_t) {
  NumberIterator &it = *pointer<NumberIterator>(r1);
  const int32_t start = static_cast<int32_t>(r2), end = static_cast<int32_t>(r3);
  it = {0, 0};
  if (start > end)
    return helper_error(Error::invalid);
  if (int64_t{end} - start > kMostRounds)
    return helper_error(Error::too_big);
  // The first number may be the lowest there is: the sum wraps, and next() wraps it back.
  it = {static_cast<int32_t>(static_cast<uint32_t>(start) - 1), end};
  return 0;
}

uint64_t iter_num_next(uint64_t r1, uint64_t, uint64_t, uint64_t, uint64_t) {
  NumberIterator &it = *pointer<NumberIterator>(r1);
  const int32_t following = static_cast<int32_t>(static_cast<uint32_t>(it.current) + 1);
  if (following >= it.end) {
    it = {0, 0};
    return 0;
  }
  it.current = following;
  return reinterpret_cast<uint64_t>(&it.current);
}

uint64_t iter_num_destroy(uint64_t r1, uint64_t, uint64_t, uint64_t, uint64_t) {
  *pointer<NumberIterator>(r1) = {0, 0};
  return 0;
}

uint64_t rcu_read_lock(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }
uint64_t rcu_read_unlock(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }

} // namespace kbpf::helpers
