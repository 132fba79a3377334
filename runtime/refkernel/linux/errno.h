// SPDX-License-Identifier: MIT OR Apache-2.0
// Errors of the Linux room: errno values as a type, and SysResult, a value or an errno. KBPF_TRY works on it.
#pragma once
#include "core/base/result.h"
#include <cstdint>
#include <new>
#include <utility>

namespace refkernel {

// Numbers of asm-generic/errno.h, as on riscv64. The last three are internal and say what a call that a signal
// interrupted does where no handler runs (a stopped process goes on, a default action ignores): it starts again.
// After a handler it starts again only with erestart and SA_RESTART, otherwise it fails with eintr.
enum class Errno : int16_t {
  eperm = 1,
  enoent = 2,
  esrch = 3,
  eintr = 4,
  eio = 5,
  enxio = 6,
  e2big = 7,
  enoexec = 8,
  ebadf = 9,
  echild = 10,
  eagain = 11,
  enomem = 12,
  eacces = 13,
  efault = 14,
  ebusy = 16,
  eexist = 17,
  exdev = 18,
  enodev = 19,
  enotdir = 20,
  eisdir = 21,
  einval = 22,
  emfile = 24,
  enotty = 25,
  efbig = 27,
  enospc = 28,
  espipe = 29,
  erofs = 30,
  emlink = 31,
  epipe = 32,
  erange = 34,
  edeadlk = 35,
  enametoolong = 36,
  enosys = 38,
  enotempty = 39,
  eloop = 40,
  eoverflow = 75,
  enotsock = 88,
  edestaddrreq = 89,
  emsgsize = 90,
  eprototype = 91,
  enoprotoopt = 92,
  eprotonosupport = 93,
  esocktnosupport = 94,
  enotsup = 95,
  eafnosupport = 97,
  eaddrinuse = 98,
  eaddrnotavail = 99,
  enetunreach = 101,
  eisconn = 106,
  enotconn = 107,
  etimedout = 110,
  econnrefused = 111,
  erestart = 512,
  erestart_no_handler = 514, // the arguments in user memory say how much is left to do
  erestart_block = 516,      // goes on through restart_syscall, as the task's RestartBlock says
};

template <typename T> class [[nodiscard]] SysResult {
public:
  SysResult(Errno error) : error_(error), ok_(false) {}
  SysResult(kbpf::Error error) : error_(static_cast<Errno>(kbpf::to_errno(error))), ok_(false) {}
  SysResult(const T &value) : value_(value), ok_(true) {}
  SysResult(T &&value) : value_(std::move(value)), ok_(true) {}
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Errno> &&
             !std::is_same_v<std::remove_cvref_t<U>, kbpf::Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, SysResult>)
  SysResult(U &&value) : value_(std::forward<U>(value)), ok_(true) {}
  SysResult(SysResult &&other) noexcept : ok_(other.ok_) {
    if (ok_)
      new (&value_) T(std::move(other.value_));
    else
      error_ = other.error_;
  }
  SysResult &operator=(const SysResult &) = delete;
  ~SysResult() {
    if (ok_)
      value_.~T();
  }

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  Errno error() const { return error_; } // only where !ok()
  T &operator*() & { return value_; }    // only where ok()
  T &&operator*() && { return std::move(value_); }
  T *operator->() { return &value_; }

private:
  union {
    T value_;
    Errno error_;
  };
  bool ok_;
};

template <> class [[nodiscard]] SysResult<void> {
public:
  SysResult() : ok_(true) {}
  SysResult(Errno error) : error_(error), ok_(false) {}
  SysResult(kbpf::Error error) : error_(static_cast<Errno>(kbpf::to_errno(error))), ok_(false) {}
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  Errno error() const { return error_; }
  void operator*() const {}

private:
  Errno error_{};
  bool ok_;
};

} // namespace refkernel
