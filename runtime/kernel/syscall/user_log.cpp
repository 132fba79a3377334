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

void UserLog::write(uint64_t at, std::string_view text) {
  failed_ |= !buffer_.offset(at).copy_out(text.data(), text.size()).ok();
}

// The end of a long log is written round and round; finish() turns it so that it begins at the buffer's
// start.
void UserLog::flush() {
  std::string_view text(pending_, pending_count_);
  pending_count_ = 0;
  while (!text.empty() && capacity_) {
    uint64_t at = keep_ == Keep::end ? flushed_ % capacity_ : std::min<uint64_t>(flushed_, capacity_);
    size_t count = std::min<size_t>(text.size(), capacity_ - at);
    if (count == 0)
      return;
    write(at, text.substr(0, count));
    flushed_ += count;
    text.remove_prefix(count);
  }
}

void UserLog::reverse(uint64_t begin, uint64_t end) {
  char front[128], back[128];
  while (begin < end && !failed_) {
    size_t count = std::min<size_t>(sizeof(front), (end - begin + 1) / 2);
    failed_ |= !buffer_.offset(begin).copy_in(front, count).ok() ||
               !buffer_.offset(end - count).copy_in(back, count).ok();
    std::reverse(front, front + count);
    std::reverse(back, back + count);
    write(begin, {back, count});
    write(end - count, {front, count});
    begin += count;
    end -= count;
  }
}

Result<UserLog> LogRequest::open() const {
  constexpr uint32_t kMaxSize = UINT32_MAX >> 2;
  if ((buffer != 0) != (size != 0) || (buffer && !level) || level & ~(kLevels | kStats | kFixed) ||
      size > kMaxSize)
    return Error::invalid;
  return UserLog(UserPtr(buffer), size, level & kFixed ? UserLog::Keep::beginning : UserLog::Keep::end);
}

Result<void> LogRequest::close(Call &call, UserLog &log) const {
  if (!level)
    return {};
  Result<void> finished = log.finish();
  uint32_t true_size = log.true_size();
  if (call.size() >= true_size_offset + sizeof(true_size))
    KBPF_TRY(call.user_attr().offset(true_size_offset).copy_out(&true_size, sizeof(true_size)));
  return finished;
}

Result<void> UserLog::finish() {
  flush();
  if (!exists_)
    return {};
  uint64_t kept = std::min<uint64_t>(length_, capacity_);
  if (keep_ == Keep::end && length_ > kept && kept) {
    uint64_t oldest = length_ % capacity_;
    reverse(0, oldest);
    reverse(oldest, kept);
    reverse(0, kept);
  }
  write(kept, {"", 1});
  if (failed_)
    return Error::bad_address;
  if (length_ > capacity_)
    return Error::no_space;
  return {};
}

} // namespace kbpf
