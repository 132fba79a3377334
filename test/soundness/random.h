// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers that look random and are the same for the same seed, everywhere.
#pragma once
#include <cstddef>
#include <cstdint>

namespace kbpf::soundness {

class Random {
public:
  explicit Random(uint64_t seed = 0) : state_(seed * 0x9e3779b97f4a7c15 + 0x632be59bd9b4e019) {}
  uint64_t operator()() { // splitmix64
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(((*this)() >> 32) * bound >> 32); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  template <typename T, size_t N> const T &pick(const T (&of)[N]) { return of[below(N)]; }
  // A word of some size, or one at an edge: what bounds are wrong about first.
  uint64_t word() {
    static constexpr uint64_t kEdges[] = {0,
                                          1,
                                          2,
                                          7,
                                          8,
                                          0x7f,
                                          0x80,
                                          0xff,
                                          0x7fff,
                                          0x8000,
                                          0xffff,
                                          0x7fffffff,
                                          0x80000000,
                                          0xffffffff,
                                          0x100000000,
                                          0x7fffffffffffffff,
                                          0x8000000000000000,
                                          ~uint64_t{0}};
    switch (below(4)) {
    case 0:
      return (*this)() >> below(64);
    case 1:
      return pick(kEdges) + below(3) - 1;
    case 2:
      return below(80);
    default:
      return uint64_t{0} - below(80);
    }
  }

private:
  uint64_t state_;
};

} // namespace kbpf::soundness
