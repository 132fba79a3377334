// SPDX-License-Identifier: MIT OR Apache-2.0
#include "test_helpers.h"
#include <cstddef>
#include <cstring>

namespace kbpf::test {

uint64_t mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  return ((((a * 31 + b) * 31 + c) * 31 + d) * 31 + e) ^ 0x9e3779b97f4a7c15;
}

int64_t load_test_packet(uint64_t, uint32_t offset, uint32_t bytes) {
  constexpr uint32_t kPacketBytes = 50;
  if (offset > kPacketBytes - bytes)
    return -1;
  int64_t value = 0;
  for (uint32_t i = 0; i < bytes; i++)
    value = value << 8 | ((offset + i) * 37 & 0xff);
  return value;
}

int read_test_memory(void *to, uint64_t from, size_t size) {
  memcpy(to, reinterpret_cast<const void *>(from), size);
  return 0;
}

constexpr ProgArrayLayout kProgArrays{.count = offsetof(ProgArray, count),
                                      .slots = offsetof(ProgArray, slots)};

} // namespace kbpf::test
