// SPDX-License-Identifier: MIT OR Apache-2.0
// A line of a profile file as words and strings.
#pragma once
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

struct Token {
  std::string_view text; // of a string, without quotes
  unsigned column;       // from 1
  bool is_string = false;
};

// Replaces tokens by those of the line, up to a comment; unescaped by strings that they refer to besides the
// line. 0, or the column of what is wrong, which error says.
unsigned split_line(std::string_view line, std::vector<Token> &tokens, std::deque<std::string> &unescaped,
                    std::string &error);

} // namespace bpfcc
