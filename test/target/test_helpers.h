// SPDX-License-Identifier: MIT OR Apache-2.0
// What programs of these tests call, the same for every engine, beside the helpers of engine_features.h.
#pragma once
#include "core/interp/interp.h"
#include <cstddef>

namespace kbpf::test {

uint64_t mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);    // of all five
int64_t load_test_packet(uint64_t context, uint32_t offset, uint32_t bytes); // from a packet of 50 bytes
int read_test_memory(void *to, uint64_t from, size_t size); // which is always there

struct ProgArray {
  uint32_t unused = 0, count = 4;
  uint64_t slots[4] = {};
};
extern const ProgArrayLayout kProgArrays;

} // namespace kbpf::test
