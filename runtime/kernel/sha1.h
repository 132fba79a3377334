// SPDX-License-Identifier: MIT OR Apache-2.0
// SHA-1 (RFC 3174), for the tag that Linux gives a program: a name for its instructions, no protection of
// anything.
#pragma once
#include <cstddef>
#include <cstdint>

namespace kbpf {

class Sha1 {
public:
  void add(const void *bytes, size_t size);
  void finish(uint8_t (&digest)[20]); // once, at the end

private:
  void add_byte(uint8_t byte);
  void process_block();

  uint32_t state_[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint32_t block_[16] = {};
  uint64_t length_ = 0; // bytes
};

} // namespace kbpf
