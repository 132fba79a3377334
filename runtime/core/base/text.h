// SPDX-License-Identifier: MIT OR Apache-2.0
// Text without allocation: a sink that takes pieces, and a small type-safe formatter in the manner of std::format.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kbpf {

class TextSink {
public:
  virtual void append(std::string_view text) = 0;

protected:
  ~TextSink() = default;
};

// Text into a caller's buffer, cut at its end, always terminated where size > 0.
class TextBuffer final : public TextSink {
public:
  TextBuffer(char *buffer, size_t size) : buffer_(buffer), size_(size) {
    if (size_)
      buffer_[0] = 0;
  }
  void append(std::string_view text) override;
  std::string_view text() const { return {buffer_, used_}; }
  bool truncated() const { return truncated_; }

private:
  char *buffer_;
  size_t size_;
  size_t used_ = 0;
  bool truncated_ = false;
};

void append_unsigned(TextSink &sink, uint64_t value, unsigned base = 10, unsigned min_digits = 1);
void append_signed(TextSink &sink, int64_t value);

// One argument of print(): formatted by {} (numbers in decimal) or {x} (numbers in hexadecimal with 0x).
class TextArg {
public:
  template <std::integral T> TextArg(T value) {
    if constexpr (std::is_same_v<T, char>) {
      kind_ = Kind::character;
      unsigned_ = static_cast<unsigned char>(value);
    } else if constexpr (std::is_same_v<T, bool>) {
      kind_ = Kind::text;
      text_ = value ? "true" : "false";
    } else if constexpr (std::is_signed_v<T>) {
      kind_ = Kind::signed_number;
      unsigned_ = static_cast<uint64_t>(static_cast<int64_t>(value));
    } else {
      kind_ = Kind::unsigned_number;
      unsigned_ = value;
    }
  }
  TextArg(std::string_view text) : kind_(Kind::text), text_(text) {}
  TextArg(const char *text) : kind_(Kind::text), text_(text ? text : "(null)") {}
  void append_to(TextSink &sink, bool hexadecimal) const;

private:
  enum class Kind { signed_number, unsigned_number, character, text } kind_;
  uint64_t unsigned_ = 0;
  std::string_view text_;
};

void print_args(TextSink &sink, std::string_view format, const TextArg *args, size_t count);

// print(sink, "insn {}: at {x}\n", 3, address). A placeholder without an argument stays as it is.
template <typename... Args> void print(TextSink &sink, std::string_view format, const Args &...args) {
  if constexpr (sizeof...(Args) == 0) {
    print_args(sink, format, nullptr, 0);
  } else {
    const TextArg array[] = {TextArg(args)...};
    print_args(sink, format, array, sizeof...(Args));
  }
}

} // namespace kbpf
