// SPDX-License-Identifier: MIT OR Apache-2.0
// Two passes over one parser: the first finds every error, so that a wrong format prints nothing at all.
#include "kernel/helpers/printf.h"
#include "kernel/port.h"

namespace kbpf {
namespace {

constexpr size_t kMaxString = 512; // bytes that %s prints at most
constexpr unsigned kMaxWidth = 256;

struct Conversion {
  enum class Kind : uint8_t {
    literal_percent,
    decimal,
    number,
    character,
    string,
    address,
    symbol,
    symbol_offset
  } kind;
  uint8_t bits = 32; // of the argument
  uint8_t base = 10;
  bool upper = false;
  bool left = false, zero = false, plus = false, blank = false;
  unsigned width = 0;
  bool takes_argument() const { return kind != Kind::literal_percent; }
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_printing(char c) { return c >= ' ' && c <= '~'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_punctuation(char c) {
  return is_printing(c) && c != ' ' && !is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
}

// What stands behind a '%'; position moves behind the conversion. Characters behind the end read as 0.
class ConversionParser {
public:
  ConversionParser(std::string_view format, size_t position) : format_(format), position_(position) {}
  size_t position() const { return position_; }

  Result<Conversion> parse() {
    Conversion result{};
    if (peek() == '%') {
      position_++;
      result.kind = Conversion::Kind::literal_percent;
      return result;
    }
    for (; peek() == '0' || peek() == '+' || peek() == '-' || peek() == ' '; position_++) {
      result.zero |= peek() == '0';
      result.plus |= peek() == '+';
      result.left |= peek() == '-';
      result.blank |= peek() == ' ';
    }
    for (; is_digit(peek()); position_++)
      if (result.width <= kMaxWidth)
        result.width = result.width * 10 + static_cast<unsigned>(peek() - '0');
    if (result.width > kMaxWidth)
      return Error::invalid;
    switch (peek()) {
    case 'p':
      position_++;
      KBPF_TRY(parse_pointer(result));
      return result;
    case 's':
      position_++;
      result.kind = Conversion::Kind::string;
      return ends_word() ? Result<Conversion>(result) : Error::invalid;
    case 'c':
      position_++;
      result.kind = Conversion::Kind::character;
      return result;
    }
    for (int longs = 0; peek() == 'l' && longs < 2; longs++, position_++)
      result.bits = 64;
    result.kind = Conversion::Kind::number;
    switch (peek()) {
    case 'd':
    case 'i':
      result.kind = Conversion::Kind::decimal;
      break;
    case 'u':
      break;
    case 'x':
    case 'X':
      result.base = 16;
      result.upper = peek() == 'X';
      break;
    case 'o':
      result.base = 8;
      break;
    default:
      return Error::invalid;
    }
    position_++;
    return result;
  }

private:
  char peek(size_t ahead = 0) const {
    return position_ + ahead < format_.size() ? format_[position_ + ahead] : '\0';
  }
  bool ends_word() const { return !peek() || is_space(peek()) || is_punctuation(peek()); }

  Result<void> parse_pointer(Conversion &result) {
    result.bits = 64;
    result.base = 16;
    result.kind = Conversion::Kind::address;
    if (peek() == 'k' && peek(1) == 's') {
      position_ += 2;
      result.kind = Conversion::Kind::string;
      return ends_word() ? Result<void>() : Error::invalid;
    }
    switch (peek()) {
    case 'x':
    case 'K':
      break;
    case 's':
      result.kind = Conversion::Kind::symbol;
      break;
    case 'S':
    case 'B':
      result.kind = Conversion::Kind::symbol_offset;
      break;
    default:
      return ends_word() ? Result<void>() : Error::invalid;
    }
    position_++;
    return {};
  }

  std::string_view format_;
  size_t position_;
};

// text at the conversion's width; sign goes in front of padding zeros.
void append_field(TextSink &sink, const Conversion &how, std::string_view sign, std::string_view text,
                  bool numeric) {
  size_t length = sign.size() + text.size();
  size_t padding = how.width > length ? how.width - length : 0;
  bool zeros = how.zero && !how.left && numeric;
  auto pad = [&](std::string_view with) {
    for (size_t i = 0; i < padding; i++)
      sink.append(with);
  };
  if (!how.left && !zeros)
    pad(" ");
  sink.append(sign);
  if (zeros)
    pad("0");
  sink.append(text);
  if (how.left)
    pad(" ");
}

void append_number(TextSink &sink, const Conversion &how, uint64_t argument) {
  char digits[72];
  TextBuffer text(digits, sizeof(digits));
  std::string_view sign = how.plus ? "+" : how.blank ? " " : "";
  uint64_t magnitude = how.bits == 32 ? static_cast<uint32_t>(argument) : argument;
  if (how.kind == Conversion::Kind::decimal) {
    int64_t value = how.bits == 32 ? static_cast<int32_t>(argument) : static_cast<int64_t>(argument);
    magnitude = static_cast<uint64_t>(value);
    if (value < 0) {
      sign = "-";
      magnitude = 0 - magnitude;
    }
  } else {
    sign = "";
  }
  append_unsigned(text, magnitude, how.base, how.kind == Conversion::Kind::address ? 16 : 1);
  if (how.upper)
    for (char *c = digits; *c; c++)
      if (*c >= 'a')
        *c = static_cast<char>(*c - 'a' + 'A');
  append_field(sink, how, sign, text.text(), true);
}

// Byte by byte, so that a string that ends right before memory that is not there is read whole.
void append_string(TextSink &sink, const Conversion &how, uint64_t address) {
  char piece[64];
  bool readable = false;
  // With a width the length must be known first; Linux's programs hardly ever give one.
  size_t length = 0;
  char c;
  while (length < kMaxString && kbpf_port_read_kernel(&c, address + length, 1) == 0) {
    readable = true;
    if (!c)
      break;
    length++;
  }
  if (!readable)
    return append_field(sink, how, "", "(fault)", false);
  size_t padding = how.width > length ? how.width - length : 0;
  for (size_t i = 0; !how.left && i < padding; i++)
    sink.append(" ");
  for (size_t at = 0; at < length;) {
    size_t count = length - at < sizeof(piece) ? length - at : sizeof(piece);
    if (kbpf_port_read_kernel(piece, address + at, count) != 0)
      break;
    sink.append({piece, count});
    at += count;
  }
  for (size_t i = 0; how.left && i < padding; i++)
    sink.append(" ");
}

void append_symbol(TextSink &sink, const Conversion &how, uint64_t address) {
  kbpf_symbol symbol;
  if (kbpf_port_symbol_at(address, &symbol) != 0) {
    print(sink, "{x}", address);
    return;
  }
  sink.append(symbol.name);
  if (how.kind == Conversion::Kind::symbol_offset)
    print(sink, "+{x}/{x}", address - symbol.address, symbol.size);
}

void append_conversion(TextSink &sink, const Conversion &how, uint64_t argument) {
  switch (how.kind) {
  case Conversion::Kind::literal_percent:
    return sink.append("%");
  case Conversion::Kind::decimal:
  case Conversion::Kind::number:
  case Conversion::Kind::address:
    return append_number(sink, how, argument);
  case Conversion::Kind::character: {
    char c = static_cast<char>(argument);
    return append_field(sink, how, "", {&c, 1}, false);
  }
  case Conversion::Kind::string:
    return append_string(sink, how, argument);
  case Conversion::Kind::symbol:
  case Conversion::Kind::symbol_offset:
    return append_symbol(sink, how, argument);
  }
}

// sink null: only checks.
Result<void> walk(TextSink *sink, std::string_view format, std::span<const uint64_t> arguments) {
  size_t next = 0;
  for (size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      if (!is_printing(format[i]) && !is_space(format[i]))
        return Error::invalid;
      if (sink)
        sink->append(format.substr(i, 1));
      i++;
      continue;
    }
    ConversionParser parser(format, i + 1);
    Conversion how = KBPF_TRY(parser.parse());
    if (how.takes_argument() && next == arguments.size())
      return Error::invalid;
    uint64_t argument = how.takes_argument() ? arguments[next++] : 0;
    if (sink)
      append_conversion(*sink, how, argument);
    i = parser.position();
  }
  return {};
}

} // namespace

Result<void> format_linux(TextSink &sink, std::string_view format, std::span<const uint64_t> arguments) {
  size_t end = format.find('\0');
  if (end == std::string_view::npos)
    return Error::invalid;
  format = format.substr(0, end);
  KBPF_TRY(walk(nullptr, format, arguments));
  return walk(&sink, format, arguments);
}

} // namespace kbpf
