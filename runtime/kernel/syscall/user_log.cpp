// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/syscall/user_log.h"

namespace kbpf {

void UserLog::append(std::string_view text) {
  length_ += text.size();
  while (!text.empty()) {
    size_t count = std::min(text.size(), sizeof(pending_) - pending_count_);
    memcpy(pending_ + pending_count_, text.data(), count);
    pending_count_ += count;
    text.remove_prefix(count);
    if (pending_count_ == sizeof(pending_))
      flush();
  }
}

void UserLog::flush() {
  size_t room = size_ ? static_cast<size_t>(size_ - 1 - written_) : 0; // a terminator follows
  size_t count = std::min(pending_count_, room);
  failed_ |= !buffer_.offset(written_).copy_out(pending_, count).ok();
  written_ += count;
  pending_count_ = 0;
}

Result<void> UserLog::finish() {
  flush();
  if (size_ == 0)
    return {};
  constexpr char kTerminator = 0;
  failed_ |= !buffer_.offset(written_).copy_out(&kTerminator, 1).ok();
  if (failed_)
    return Error::bad_address;
  if (written_ < length_)
    return Error::no_space;
  return {};
}

} // namespace kbpf
