// SPDX-License-Identifier: MIT OR Apache-2.0
// Strings: to numbers, compared, and made from formats.
#include "kernel/helpers/helpers.h"
#include "kernel/helpers/printf.h"
#include <cstring>

namespace kbpf::helpers {
namespace {

struct Number {
  bool negative = false;
  uint64_t magnitude = 0;
  uint64_t length = 0; // characters that it took
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// 16 or more: no digit.
unsigned digit_of(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f')
    return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F')
    return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

// base: 8, 10, 16, or 0: by the number's own prefix. Errors: invalid (another base, no number), out_of_range.
Result<Number> parse_number(std::string_view text, uint64_t base) {
  if (base != 0 && base != 8 && base != 10 && base != 16)
    return Error::invalid;
  Number number;
  size_t at = 0;
  auto peek = [&](size_t ahead) { return at + ahead < text.size() ? text[at + ahead] : '\0'; };
  while (is_space(peek(0)))
    at++;
  if (peek(0) == '-') {
    number.negative = true;
    at++;
  }
  const bool hexadecimal = peek(0) == '0' && (peek(1) == 'x' || peek(1) == 'X') && digit_of(peek(2)) < 16;
  if (base == 0)
    base = hexadecimal ? 16 : peek(0) == '0' ? 8 : 10;
  if (base == 16 && hexadecimal)
    at += 2;
  const size_t first = at;
  for (; digit_of(peek(0)) < base; at++)
    if (__builtin_mul_overflow(number.magnitude, base, &number.magnitude) ||
        __builtin_add_overflow(number.magnitude, digit_of(peek(0)), &number.magnitude))
      return Error::out_of_range;
  if (at == first)
    return Error::invalid;
  number.length = at;
  return number;
}

} // namespace

// flags: the base. The number goes to result; the characters that it took are returned.
uint64_t strtol(uint64_t text, uint64_t size, uint64_t flags, uint64_t result, uint64_t) {
  *pointer<int64_t>(result) = 0;
  Result<Number> number = parse_number({pointer<const char>(text), static_cast<size_t>(size)}, flags);
  if (!number.ok())
    return helper_error(number.error());
  constexpr uint64_t kMost = INT64_MAX;
  if (number->magnitude > kMost + number->negative)
    return helper_error(Error::out_of_range);
  *pointer<uint64_t>(result) = number->negative ? 0 - number->magnitude : number->magnitude;
  return number->length;
}

uint64_t strtoul(uint64_t text, uint64_t size, uint64_t flags, uint64_t result, uint64_t) {
  *pointer<uint64_t>(result) = 0;
  Result<Number> number = parse_number({pointer<const char>(text), static_cast<size_t>(size)}, flags);
  if (!number.ok())
    return helper_error(number.error());
  if (number->negative)
    return helper_error(Error::invalid);
  *pointer<uint64_t>(result) = number->magnitude;
  return number->length;
}

uint64_t strncmp(uint64_t text, uint64_t size, uint64_t other, uint64_t, uint64_t) {
  const char *left = pointer<const char>(text), *right = pointer<const char>(other);
  for (size_t i = 0; i < static_cast<uint32_t>(size); i++) {
    const int difference = static_cast<unsigned char>(left[i]) - static_cast<unsigned char>(right[i]);
    if (difference || !left[i])
      return static_cast<uint64_t>(int64_t{difference});
  }
  return 0;
}

// The bytes that the whole text takes, with its terminator.
uint64_t snprintf(uint64_t to, uint64_t size, uint64_t format, uint64_t data, uint64_t data_size) {
  class CountingSink final : public TextSink {
  public:
    CountingSink(char *text, size_t room) : text_(text), room_(room) {}
    void append(std::string_view piece) override {
      for (char c : piece) {
        if (length_ + 1 < room_)
          text_[length_] = c;
        length_++;
      }
    }
    size_t finish() {
      if (room_)
        text_[length_ < room_ ? length_ : room_ - 1] = 0;
      return length_ + 1;
    }

  private:
    char *const text_;
    const size_t room_;
    size_t length_ = 0;
  };
  constexpr uint32_t kMaxArguments = 12;
  const uint32_t bytes = static_cast<uint32_t>(data_size);
  uint64_t arguments[kMaxArguments];
  if (bytes % sizeof(uint64_t) || bytes > sizeof(arguments) || (bytes && !data))
    return helper_error(Error::invalid);
  if (bytes)
    memcpy(arguments, pointer<const void>(data), bytes);
  const char *pattern = pointer<const char>(format);
  CountingSink sink(pointer<char>(to), static_cast<uint32_t>(size));
  Result<void> formatted =
      format_linux(sink, {pattern, strlen(pattern) + 1}, {arguments, bytes / sizeof(uint64_t)});
  if (!formatted.ok())
    return helper_error(formatted.error());
  return sink.finish();
}

} // namespace kbpf::helpers
