// SPDX-License-Identifier: MIT OR Apache-2.0
// A type of .BTF as words: which of them are offsets of strings and which are ids of types.
#pragma once
#include "bpfcc/relocator/btf.h"
#include <cstring>

namespace bpfcc {

// A type where it stands in the file, at any alignment.
class BtfWords {
public:
  explicit BtfWords(const char *first) : first_(first) {}
  uint32_t operator[](size_t index) const {
    uint32_t value;
    memcpy(&value, first_ + index * sizeof value, sizeof value);
    return value;
  }

private:
  const char *first_;
};

inline BtfKind btf_kind_of(uint32_t info) { return static_cast<BtfKind>(info >> 24 & 0x1f); }

// Calls string(word) and type(word) for each word of a type that names one.
template <typename Words, typename String, typename Type>
void visit_btf_words(Words words, size_t size, String string, Type type) {
  string(words[0]);
  auto tail = [&](size_t stride, bool strings, size_t type_at) {
    for (size_t at = 3; at + stride <= size; at += stride) {
      if (strings)
        string(words[at]);
      if (type_at < stride)
        type(words[at + type_at]);
    }
  };
  constexpr size_t kNoType = SIZE_MAX;
  switch (btf_kind_of(words[1])) {
  case BtfKind::pointer:
  case BtfKind::typedef_type:
  case BtfKind::volatile_type:
  case BtfKind::const_type:
  case BtfKind::restrict_type:
  case BtfKind::function:
  case BtfKind::variable:
  case BtfKind::decl_tag:
  case BtfKind::type_tag:
    return type(words[2]);
  case BtfKind::array:
    type(words[3]);
    return type(words[4]);
  case BtfKind::structure:
  case BtfKind::union_type:
    return tail(3, true, 1);
  case BtfKind::enumeration:
    return tail(2, true, kNoType);
  case BtfKind::enumeration64:
    return tail(3, true, kNoType);
  case BtfKind::function_proto:
    type(words[2]);
    return tail(2, true, 1);
  case BtfKind::datasec:
    return tail(3, false, 0);
  case BtfKind::none:
  case BtfKind::integer:
  case BtfKind::forward:
  case BtfKind::floating:
    return;
  }
}

} // namespace bpfcc
