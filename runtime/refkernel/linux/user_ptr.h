// SPDX-License-Identifier: MIT OR Apache-2.0
// Addresses in user memory as a type of their own: they cannot be dereferenced, only copied through, and each
// copy is checked. IoCursor is the user side of read and write: one or more pieces of memory that bytes move
// to or from.
#pragma once
#include "refkernel/linux/errno.h"
#include "refkernel/mm/address_space.h"
#include <cstddef>
#include <type_traits>

namespace refkernel {

template <typename T> struct UserPtr {
  uintptr_t address = 0;

  explicit operator bool() const { return address != 0; }
  template <typename U> UserPtr<U> cast() const { return {address}; }
  UserPtr at(size_t index) const { return {address + index * sizeof(T)}; }

  SysResult<std::remove_const_t<T>> read() const
    requires(!std::is_void_v<T>)
  {
    static_assert(std::is_trivially_copyable_v<T>);
    std::remove_const_t<T> value;
    if (!copy_from_user(&value, address, sizeof(value)))
      return Errno::efault;
    return value;
  }
  SysResult<void> write(const std::conditional_t<std::is_void_v<T>, char, T> &value) const
    requires(!std::is_const_v<T> && !std::is_void_v<T>)
  {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!copy_to_user(address, &value, sizeof(T)))
      return Errno::efault;
    return {};
  }
};
static_assert(std::is_trivially_copyable_v<UserPtr<int>> && sizeof(UserPtr<int>) == 8);

struct UserIovec { // struct iovec
  uint64_t base, length;
};

class IoCursor {
public:
  // One piece of user memory.
  static IoCursor user(uintptr_t address, size_t size) {
    IoCursor cursor;
    cursor.single_ = {address, size};
    cursor.remaining_ = size;
    return cursor;
  }
  // Several; pieces is kernel memory that outlives the cursor, with lengths that add up to total.
  static IoCursor user(const UserIovec *pieces, size_t total) {
    IoCursor cursor;
    cursor.pieces_ = pieces;
    cursor.remaining_ = total;
    cursor.next_piece();
    return cursor;
  }
  // Kernel memory, for calls that the kernel makes on a user's behalf (sendfile, execve).
  static IoCursor kernel(void *memory, size_t size) {
    IoCursor cursor = user(reinterpret_cast<uintptr_t>(memory), size);
    cursor.in_kernel_ = true;
    return cursor;
  }

  size_t remaining() const { return remaining_; }
  size_t done() const { return done_; }
  SysResult<void> put(const void *from, size_t size) { return move(const_cast<void *>(from), size, true); }
  SysResult<void> take(void *to, size_t size) { return move(to, size, false); }

private:
  IoCursor() = default;
  SysResult<void> move(void *memory, size_t size, bool to_user);
  void next_piece();

  const UserIovec *pieces_ = nullptr;
  UserIovec single_{};
  size_t remaining_ = 0, done_ = 0;
  bool in_kernel_ = false;
};

} // namespace refkernel
