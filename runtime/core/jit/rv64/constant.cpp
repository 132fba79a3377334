// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/jit/rv64/constant.h"
#include <bit>

namespace kbpf::rv64 {
namespace {

bool fits_12(int64_t value) { return value >= -2048 && value < 2048; }
bool fits_upper_20(int64_t value) { // what lui builds
  return (value & 0xfff) == 0 && value == static_cast<int32_t>(value);
}

} // namespace

std::optional<ShiftedConstant> as_shifted(uint64_t value, CpuFeatures cpu) {
  using Shift = ShiftedConstant::Shift;
  if (value == 0)
    return std::nullopt;
  int zeros_below = std::countr_zero(value);
  int64_t shifted = static_cast<int64_t>(value) >> zeros_below;
  if (fits_12(shifted))
    return ShiftedConstant{static_cast<int32_t>(shifted), Shift::slli, static_cast<uint8_t>(zeros_below)};
  if (zeros_below >= 12 && shifted == shifted << 44 >> 44) // lui shifts by 12 itself
    return ShiftedConstant{static_cast<int32_t>(shifted * 4096), Shift::slli,
                           static_cast<uint8_t>(zeros_below - 12)};
  if (int zeros_above = std::countl_zero(value)) {
    int64_t low = static_cast<int64_t>(value << zeros_above);
    int64_t ones = low | ((int64_t{1} << zeros_above) - 1);
    for (int64_t start : {ones, low})
      if (fits_12(start) || fits_upper_20(start))
        return ShiftedConstant{static_cast<int32_t>(start), Shift::srli, static_cast<uint8_t>(zeros_above)};
  }
  int32_t lower = static_cast<int32_t>(value);
  if (cpu.zba && value >> 32 == 0 && (fits_12(lower) || fits_upper_20(lower)))
    return ShiftedConstant{lower, Shift::zext_w, 0};
  return std::nullopt;
}

unsigned constant_length(uint64_t value) {
  int64_t number = static_cast<int64_t>(value);
  return fits_12(number) || fits_upper_20(number) ? 1 : 2;
}

} // namespace kbpf::rv64
