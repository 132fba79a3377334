// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/special_fields.h"

namespace kbpf::maps {
namespace {

constexpr size_t kHalf = sizeof(uint32_t); // every field begins and ends at a multiple of it

bool is_special(size_t offset, const SpecialFields &fields) {
  const auto at = static_cast<int64_t>(offset);
  return (fields.spin_lock >= 0 && at == fields.spin_lock) ||
         (fields.timer >= 0 && at >= fields.timer && at < fields.timer + int64_t{SpecialFields::kTimerSize});
}

} // namespace

void store_value(Word *to, const void *from, size_t size, const SpecialFields &fields) {
  if (!has_special_fields(fields))
    return store_words(to, from, size);
  each_word(from, size, [&](size_t index, Word word) {
    const bool low = is_special(index * sizeof(Word), fields);
    const bool high = is_special(index * sizeof(Word) + kHalf, fields);
    auto *halves = reinterpret_cast<uint32_t *>(to + index);
    if (!low && !high)
      store_word(to + index, word);
    else if (!high)
      __atomic_store_n(halves + 1, static_cast<uint32_t>(word >> 32), __ATOMIC_RELAXED);
    else if (!low)
      __atomic_store_n(halves, static_cast<uint32_t>(word), __ATOMIC_RELAXED);
    return true;
  });
}

void load_value(void *to, const Word *from, size_t size, const SpecialFields &fields) {
  load_words(to, from, size);
  auto *bytes = static_cast<std::byte *>(to);
  if (fields.spin_lock >= 0)
    memset(bytes + fields.spin_lock, 0, SpecialFields::kSpinLockSize);
  if (fields.timer >= 0)
    memset(bytes + fields.timer, 0, SpecialFields::kTimerSize);
}

} // namespace kbpf::maps
