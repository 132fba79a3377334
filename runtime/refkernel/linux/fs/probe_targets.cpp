// SPDX-License-Identifier: MIT OR Apache-2.0
#include "refkernel/linux/fs/probe_targets.h"

namespace refkernel {

[[gnu::noinline]] uint64_t recurse_for_probe_test(uint64_t level) {
  uint64_t below = 0;
  if (level) {
    below = recurse_for_probe_test(level - 1);
    asm volatile("" : "+r"(below)); // keeps the compiler from making a loop of it
  }
  return level ? below + 1 : 0;
}

[[gnu::noinline]] uint64_t overloaded_for_probe_test(uint32_t value) { return value + uint64_t{1}; }
[[gnu::noinline]] uint64_t overloaded_for_probe_test(uint64_t value) { return value + 2; }

void generate_probe_targets(kbpf::TextSink &sink, uint64_t) {
  kbpf::print(sink, "{} {} {}\n", recurse_for_probe_test(9), overloaded_for_probe_test(uint32_t{1}),
              overloaded_for_probe_test(uint64_t{1}));
}

} // namespace refkernel
