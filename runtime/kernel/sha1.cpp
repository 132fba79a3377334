// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/sha1.h"
#include <bit>

namespace kbpf {

void Sha1::add(const void *bytes, size_t size) {
  const uint8_t *from = static_cast<const uint8_t *>(bytes);
  while (size) {
    if (length_ % 64 != 0 || size < 64) {
      add_byte(*from++);
      size--;
      continue;
    }
    for (uint32_t &word : block_) {
      word = uint32_t{from[0]} << 24 | uint32_t{from[1]} << 16 | uint32_t{from[2]} << 8 | from[3];
      from += 4;
    }
    length_ += 64;
    size -= 64;
    process_block();
  }
}

void Sha1::add_byte(uint8_t byte) {
  uint32_t &word = block_[length_ % 64 / 4];
  word = word << 8 | byte;
  if (++length_ % 64 == 0)
    process_block();
}

// Five rounds at a time, after which each of the five words is in its place again; of the eighty words that
// the block becomes, the last sixteen are all that is needed.
void Sha1::process_block() {
  uint32_t(&w)[16] = block_;
  auto [a, b, c, d, e] = state_;
  const auto word = [&](unsigned t) __attribute__((always_inline)) {
    if (t < 16)
      return w[t];
    return w[t % 16] = std::rotl(w[(t - 3) % 16] ^ w[(t - 8) % 16] ^ w[(t - 14) % 16] ^ w[t % 16], 1);
  };
  const auto twenty = [&](unsigned first, uint32_t k, auto f) __attribute__((always_inline)) {
    const auto round = [&](unsigned t, uint32_t p, uint32_t &q, uint32_t r, uint32_t s, uint32_t &u)
                           __attribute__((always_inline)) {
                             u += std::rotl(p, 5) + f(q, r, s) + word(t) + k;
                             q = std::rotl(q, 30);
                           };
    for (unsigned t = first; t < first + 20; t += 5) {
      round(t, a, b, c, d, e);
      round(t + 1, e, a, b, c, d);
      round(t + 2, d, e, a, b, c);
      round(t + 3, c, d, e, a, b);
      round(t + 4, b, c, d, e, a);
    }
  };
  const auto parity = [](uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; };
  twenty(0, 0x5a827999, [](uint32_t x, uint32_t y, uint32_t z) { return z ^ (x & (y ^ z)); });
  twenty(20, 0x6ed9eba1, parity);
  twenty(40, 0x8f1bbcdc, [](uint32_t x, uint32_t y, uint32_t z) { return (x & y) | (z & (x | y)); });
  twenty(60, 0xca62c1d6, parity);
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
