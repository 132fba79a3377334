// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/profile/tokens.h"
#include <charconv>
#include <cstdint>

namespace bpfcc {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// at: behind the opening quote, then behind the closing one. 0, or a column.
unsigned read_string(std::string_view line, size_t &at, std::string &out, bool &is_escaped) {
  for (; at < line.size() && line[at] != '"'; at++) {
    if (line[at] != '\\') {
      out += line[at];
      continue;
    }
    is_escaped = true;
    const size_t backslash = at;
    const char c = ++at < line.size() ? line[at] : '\0';
    unsigned value = 0;
    if (c == '"' || c == '\\') {
      out += c;
    } else if (c == 'x' && at + 2 < line.size() &&
               std::from_chars(line.data() + at + 1, line.data() + at + 3, value, 16).ptr ==
                   line.data() + at + 3) {
      out += static_cast<char>(value);
      at += 2;
    } else {
      return static_cast<unsigned>(backslash + 1);
    }
  }
  return 0;
}

} // namespace

unsigned split_line(std::string_view line, std::vector<Token> &tokens, std::deque<std::string> &unescaped,
                    std::string &error) {
  tokens.clear();
  unescaped.clear();
  auto fail = [&](size_t at, const char *message) {
    error = message;
    return static_cast<unsigned>(at + 1);
  };
  for (size_t i = 0; i < line.size(); i++)
    if (static_cast<uint8_t>(line[i]) < ' ' && line[i] != '\t')
      return fail(i, "a control character");
  for (size_t at = 0;;) {
    while (at < line.size() && is_blank(line[at]))
      at++;
    if (at == line.size() || line[at] == '#')
      return 0;
    const size_t begin = at;
    Token token{{}, static_cast<unsigned>(begin + 1)};
    if (line[at] == '"') {
      token.is_string = true;
      std::string text;
      bool is_escaped = false;
      at++;
      if (unsigned column = read_string(line, at, text, is_escaped))
        return fail(column - 1, "unknown escape in a string: expected \\\", \\\\ or \\xHH");
      if (at == line.size())
        return fail(begin, "the string does not end on its line");
      token.text = is_escaped ? std::string_view(unescaped.emplace_back(std::move(text)))
                              : line.substr(begin + 1, at - begin - 1);
      if (++at < line.size() && !is_blank(line[at]))
        return fail(at, "expected a blank behind the string");
    } else {
      while (at < line.size() && !is_blank(line[at]))
        at++;
      token.text = line.substr(begin, at - begin);
    }
    tokens.push_back(token);
  }
}

} // namespace bpfcc
