// SPDX-License-Identifier: MIT OR Apache-2.0
// A log that goes to a buffer of the calling process while it is written: the kernel keeps nothing of it. Of
// a log that is too long the buffer holds the end, as on Linux, or where the caller asks for it
// (BPF_LOG_FIXED) the beginning.
#pragma once
#include "core/base/text.h"
#include "kernel/syscall/command.h"

namespace kbpf {

class UserLog final : public TextSink {
public:
  enum class Keep : uint8_t { beginning, end };
  // size 0: only counts.
  UserLog(UserPtr buffer, uint32_t size, Keep keep)
      : buffer_(buffer), capacity_(size ? size - 1 : 0), exists_(size), keep_(keep) {}
  void append(std::string_view text) override;

  // Puts the log in order and terminates it. Errors: bad_address, no_space where the buffer was too small for
  // it.
  Result<void> finish();
  // Bytes that a large enough buffer would have, terminator included.
  uint32_t true_size() const { return static_cast<uint32_t>(std::min<uint64_t>(length_ + 1, UINT32_MAX)); }

private:
  void flush();
  void write(uint64_t at, std::string_view text);
  // In the buffer: bytes [begin, end) in reverse order.
  void reverse(uint64_t begin, uint64_t end);

  UserPtr buffer_;
  uint32_t capacity_; // characters that the buffer has room for, without the terminator
  bool exists_;
  Keep keep_;
  uint64_t length_ = 0;  // of the whole log
  uint64_t flushed_ = 0; // characters of it that are in the buffer or were
  char pending_[256];
  size_t pending_count_ = 0;
  bool failed_ = false;
};

// A command's three fields about its log, and where in the attr it is told how long the log was.
struct LogRequest {
  uint32_t level, size;
  uint64_t buffer;
  size_t true_size_offset;

  // Error: invalid, where the fields contradict each other.
  Result<UserLog> open() const;
  // What finish() says, once true_size is written where the caller knows that field. Nothing where level is
  // 0.
  Result<void> close(Call &call, UserLog &log) const;
  uint32_t verbosity() const { return level & kLevels; } // 0: none, 1, 2
  bool wants_stats() const { return level & kStats; }

private:
  static constexpr uint32_t kLevels = 3, kStats = 4, kFixed = 8;
};

} // namespace kbpf
