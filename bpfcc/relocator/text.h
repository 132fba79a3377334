// SPDX-License-Identifier: MIT OR Apache-2.0
// Building the text of messages: concat("section ", name, " has ", count, " bytes").
#pragma once
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace bpfcc {

inline void append_piece(std::string &out, std::string_view piece) { out += piece; }
template <std::integral T> void append_piece(std::string &out, T value) { out += std::to_string(value); }

template <typename... Pieces> std::string concat(const Pieces &...pieces) {
  std::string out;
  (append_piece(out, pieces), ...);
  return out;
}

inline std::string hex(uint64_t value) {
  char digits[16];
  char *end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  return concat("0x", std::string_view(digits, static_cast<size_t>(end - digits)));
}

inline std::string quoted(std::string_view name) { return concat("'", name, "'"); }

} // namespace bpfcc
