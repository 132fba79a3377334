// SPDX-License-Identifier: MIT OR Apache-2.0
// Bounds-checked reading of untrusted little-endian bytes.
#pragma once
#include "core/base/result.h"
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace kbpf {

class ByteView {
public:
  ByteView() = default;
  ByteView(std::span<const std::byte> bytes) : bytes_(bytes) {}
  ByteView(const void *data, size_t size) : bytes_(static_cast<const std::byte *>(data), size) {}

  size_t size() const { return bytes_.size(); }
  const std::byte *data() const { return bytes_.data(); }
  std::span<const std::byte> span() const { return bytes_; }

  Result<ByteView> slice(uint64_t offset, uint64_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset)
      return Error::bad_object;
    return ByteView(bytes_.subspan(static_cast<size_t>(offset), static_cast<size_t>(length)));
  }

  // A copy of the T at offset, whatever its alignment.
  template <typename T> Result<T> read(uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    ByteView bytes = KBPF_TRY(slice(offset, sizeof(T)));
    T value;
    memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  // The NUL-terminated string at offset, without its terminator.
  Result<std::string_view> string(uint64_t offset) const {
    if (offset >= bytes_.size())
      return Error::bad_object;
    std::string_view rest(reinterpret_cast<const char *>(bytes_.data()) + offset, bytes_.size() - static_cast<size_t>(offset));
    size_t length = rest.find('\0');
    if (length == std::string_view::npos)
      return Error::bad_object;
    return rest.substr(0, length);
  }

private:
  std::span<const std::byte> bytes_;
};

} // namespace kbpf
