// SPDX-License-Identifier: MIT OR Apache-2.0
// Errors as values: Result<T> holds a T or an Error, and cannot be dropped silently.
#pragma once
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace kbpf {

enum class Error : uint8_t {
#define KBPF_ERROR(name, errno_value, text) name,
#include "abi/errors.def"
#undef KBPF_ERROR
};

// The positive errno that bpf(2) reports for an error.
constexpr int to_errno(Error error) {
  switch (error) {
#define KBPF_ERROR(name, errno_value, text)                                                                            \
  case Error::name:                                                                                                    \
    return errno_value;
#include "abi/errors.def"
#undef KBPF_ERROR
  }
  return 22;
}

constexpr const char *to_text(Error error) {
  switch (error) {
#define KBPF_ERROR(name, errno_value, text)                                                                            \
  case Error::name:                                                                                                    \
    return text;
#include "abi/errors.def"
#undef KBPF_ERROR
  }
  return "unknown error";
}

template <typename T> class [[nodiscard]] Result {
public:
  Result(Error error) : error_(error), ok_(false) {}
  Result(const T &value) : value_(value), ok_(true) {}
  Result(T &&value) : value_(std::move(value)), ok_(true) {}
  Result(Result &&other) noexcept(std::is_nothrow_move_constructible_v<T>) : ok_(other.ok_) {
    if (ok_)
      new (&value_) T(std::move(other.value_));
    else
      error_ = other.error_;
  }
  Result(const Result &) = delete;
  Result &operator=(const Result &) = delete;
  ~Result() {
    if (ok_)
      value_.~T();
  }

  explicit operator bool() const { return ok_; }
  bool ok() const { return ok_; }
  Error error() const { return error_; } // only where !ok()
  T &operator*() & { return value_; }    // only where ok()
  T &&operator*() && { return std::move(value_); }
  const T &operator*() const & { return value_; }
  T *operator->() { return &value_; }

private:
  union {
    T value_;
    Error error_;
  };
  bool ok_;
};

template <> class [[nodiscard]] Result<void> {
public:
  Result() : ok_(true) {}
  Result(Error error) : error_(error), ok_(false) {}
  explicit operator bool() const { return ok_; }
  bool ok() const { return ok_; }
  Error error() const { return error_; }
  void operator*() const {}

private:
  Error error_{};
  bool ok_;
};

} // namespace kbpf

// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define KBPF_TRY(expression)                                                                                           \
  ({                                                                                                                   \
    auto &&kbpf_try_result = (expression);                                                                             \
    if (!kbpf_try_result.ok()) [[unlikely]]                                                                            \
      return kbpf_try_result.error();                                                                                  \
    *std::move(kbpf_try_result);                                                                                       \
  })
