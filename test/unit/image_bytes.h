// SPDX-License-Identifier: MIT OR Apache-2.0
// Bytes of an object in memory that is aligned as loaders have it, and ends where the object ends.
#pragma once
#include "core/base/text.h"
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

namespace kbpf::test {

class AlignedBytes {
public:
  explicit AlignedBytes(const std::string &bytes)
      : size_(bytes.size()), data_(std::malloc(size_ ? size_ : 1)) {
    memcpy(data_, bytes.data(), size_);
  }
  ~AlignedBytes() { std::free(data_); }
  AlignedBytes(const AlignedBytes &) = delete;
  AlignedBytes &operator=(const AlignedBytes &) = delete;
  std::span<const std::byte> span() const { return {static_cast<const std::byte *>(data_), size_}; }

private:
  size_t size_;
  void *data_;
};

class StringSink final : public TextSink {
public:
  void append(std::string_view text) override { text_.append(text); }
  const std::string &text() const { return text_; }

private:
  std::string text_;
};

} // namespace kbpf::test
