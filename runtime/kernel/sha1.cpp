// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/sha1.h"
#include <bit>

namespace kbpf {

void Sha1::add(const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    add_byte(static_cast<const uint8_t *>(bytes)[i]);
}

void Sha1::add_byte(uint8_t byte) {
  uint32_t &word = block_[length_ % 64 / 4];
  word = word << 8 | byte;
  if (++length_ % 64 == 0)
    process_block();
}

void Sha1::process_block() {
  uint32_t w[80];
  for (unsigned t = 0; t < 80; t++)
    w[t] = t < 16 ? block_[t] : std::rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  auto [a, b, c, d, e] = state_;
  for (unsigned t = 0; t < 80; t++) {
    uint32_t f, k;
    if (t < 20)
      f = (b & c) | (~b & d), k = 0x5a827999;
    else if (t < 40)
      f = b ^ c ^ d, k = 0x6ed9eba1;
    else if (t < 60)
      f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    else
      f = b ^ c ^ d, k = 0xca62c1d6;
    uint32_t next = std::rotl(a, 5) + f + e + w[t] + k;
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const uint32_t sums[] = {a, b, c, d, e};
  for (unsigned i = 0; i < 5; i++)
    state_[i] += sums[i];
}

void Sha1::finish(uint8_t (&digest)[20]) {
  const uint64_t bits = length_ * 8;
  add_byte(0x80);
  while (length_ % 64 != 56)
    add_byte(0);
  for (int shift = 56; shift >= 0; shift -= 8)
    add_byte(static_cast<uint8_t>(bits >> shift));
  for (unsigned i = 0; i < 20; i++)
    digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - i % 4 * 8));
}

} // namespace kbpf
