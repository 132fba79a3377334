// SPDX-License-Identifier: MIT OR Apache-2.0
// The words of profile files for what runtime/abi has as numbers: lower case, without the prefix of the name
// there.
#pragma once
#include "core/profile/profile.h"
#include <span>
#include <string>
#include <string_view>

namespace bpfcc {

template <typename T> struct Word {
  T value;
  std::string_view word;
};

std::span<const Word<kbpf_arg_type>> argument_words();
std::span<const Word<kbpf_ret_type>> result_words();
std::span<const Word<uint32_t>> map_use_words();
std::span<const Word<uint32_t>> helper_flag_words();
std::span<const Word<kbpf::FieldAccess>> access_words();
std::span<const Word<kbpf::SectionInfo::Extra>> extra_words();

struct Feature {
  std::string_view word;
  bool kbpf::Profile::*member;
};
std::span<const Feature> feature_words();
struct Limit {
  std::string_view word;
  uint32_t kbpf::Profile::*member;
  uint32_t least, most;
};
std::span<const Limit> limit_words();

template <typename T> std::string_view word_of(std::span<const Word<T>> words, const T &value) {
  for (const Word<T> &entry : words)
    if (entry.value == value)
      return entry.word;
  return {};
}
template <typename T> const T *value_of(std::span<const Word<T>> words, std::string_view word) {
  for (const Word<T> &entry : words)
    if (entry.word == word)
      return &entry.value;
  return nullptr;
}

} // namespace bpfcc
