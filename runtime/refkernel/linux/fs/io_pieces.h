// SPDX-License-Identifier: MIT OR Apache-2.0
// Arrays of struct iovec from user memory.
#pragma once
#include "refkernel/linux/user_ptr.h"
#include <algorithm>
#include <utility>

namespace refkernel {

constexpr size_t kMaxTransfer = 0x7ffff000; // as Linux: MAX_RW_COUNT
constexpr int kMaxPieces = 1024;

// The user's array of struct iovec, in kernel memory.
class IoPieces {
public:
  static SysResult<IoPieces> read(UserPtr<const UserIovec> from, int count) {
    if (count < 0 || count > kMaxPieces)
      return Errno::einval;
    IoPieces pieces(static_cast<size_t>(count));
    if (count && !pieces.array_)
      return Errno::enomem;
    if (count && !copy_from_user(pieces.array_, from.address, pieces.bytes()))
      return Errno::efault;
    for (size_t i = 0; i < pieces.count_; ++i) {
      UserIovec &piece = pieces.array_[i];
      if (piece.length > INT64_MAX)
        return Errno::einval;
      piece.length = std::min<uint64_t>(piece.length, kMaxTransfer - pieces.total_);
      pieces.total_ += piece.length;
    }
    return pieces;
  }
  IoPieces(IoPieces &&other) noexcept
      : count_(other.count_), array_(std::exchange(other.array_, nullptr)), total_(other.total_) {}
  IoPieces(const IoPieces &) = delete;
  IoPieces &operator=(const IoPieces &) = delete;
  ~IoPieces() { heap_free(array_, bytes(), alignof(UserIovec)); }
  IoCursor cursor() const { return IoCursor::user(array_, total_); }

private:
  explicit IoPieces(size_t count)
      : count_(count),
        array_(count ? static_cast<UserIovec *>(heap_allocate(bytes(), alignof(UserIovec))) : nullptr) {}
  size_t bytes() const { return count_ * sizeof(UserIovec); }
  size_t count_;
  UserIovec *array_;
  size_t total_ = 0;
};

} // namespace refkernel
