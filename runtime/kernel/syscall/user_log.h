// SPDX-License-Identifier: MIT OR Apache-2.0
// A log that goes to a buffer of the calling process while it is written: the kernel keeps nothing of it. The
// buffer holds the log's beginning, always terminated.
#pragma once
#include "core/base/text.h"
#include "kernel/syscall/command.h"

namespace kbpf {

class UserLog final : public TextSink {
public:
  // size 0: only counts.
  UserLog(UserPtr buffer, uint32_t size) : buffer_(buffer), size_(size) {}
  void append(std::string_view text) override;

  // Terminates the log. Errors: bad_address, no_space where the buffer was too small for it.
  Result<void> finish();
  // Bytes that a large enough buffer would have, terminator included.
  uint32_t true_size() const { return static_cast<uint32_t>(std::min<uint64_t>(length_ + 1, UINT32_MAX)); }
  bool empty() const { return length_ == 0; }

private:
  void flush();

  UserPtr buffer_;
  uint32_t size_;
  uint64_t length_ = 0;  // of the whole log
  uint64_t written_ = 0; // that are in the buffer
  char pending_[256];
  size_t pending_count_ = 0;
  bool failed_ = false;
};

} // namespace kbpf
