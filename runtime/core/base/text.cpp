// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/base/text.h"

namespace kbpf {

void TextBuffer::append(std::string_view text) {
  if (!size_)
    return;
  size_t room = size_ - 1 - used_;
  if (text.size() > room) {
    text = text.substr(0, room);
    truncated_ = true;
  }
  for (char c : text)
    buffer_[used_++] = c;
  buffer_[used_] = 0;
}

void append_unsigned(TextSink &sink, uint64_t value, unsigned base, unsigned min_digits) {
  char digits[64];
  size_t at = sizeof(digits);
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value || (sizeof(digits) - at < min_digits && at));
  sink.append({digits + at, sizeof(digits) - at});
}

void append_signed(TextSink &sink, int64_t value) {
  if (value < 0)
    sink.append("-");
  append_unsigned(sink, value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
}

void TextArg::append_to(TextSink &sink, bool hexadecimal) const {
  switch (kind_) {
  case Kind::text:
    sink.append(text_);
    return;
  case Kind::character: {
    char c = static_cast<char>(unsigned_);
    sink.append({&c, 1});
    return;
  }
  case Kind::signed_number:
    if (!hexadecimal)
      return append_signed(sink, static_cast<int64_t>(unsigned_));
    break;
  case Kind::unsigned_number:
    if (!hexadecimal)
      return append_unsigned(sink, unsigned_);
    break;
  }
  sink.append("0x");
  append_unsigned(sink, unsigned_, 16);
}

void print_args(TextSink &sink, std::string_view format, const TextArg *args, size_t count) {
  size_t next = 0;
  size_t start = 0;
  for (size_t i = 0; i < format.size(); i++) {
    bool plain = format.substr(i, 2) == "{}";
    bool hexadecimal = format.substr(i, 3) == "{x}";
    if ((!plain && !hexadecimal) || next == count)
      continue;
    sink.append(format.substr(start, i - start));
    args[next++].append_to(sink, hexadecimal);
    i += hexadecimal ? 2 : 1;
    start = i + 1;
  }
  sink.append(format.substr(start));
}

} // namespace kbpf
