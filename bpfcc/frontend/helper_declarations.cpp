// SPDX-License-Identifier: MIT OR Apache-2.0
// Lines stay where they are: what is left out becomes an empty line, so that notes point at the same places.
#include "bpfcc/frontend/frontend.h"
#include <algorithm>

namespace bpfcc {
namespace {

// Without their "bpf_".
constexpr std::string_view kUsedByHeaders[] = {
#include "helpers_in_headers.inc"
};

constexpr std::string_view kBegin = "(*const ", kComment = "/* ", kPrefix = "bpf_";

// Of a line "static TYPE (*const NAME)(...) = (void *)N;"; empty: it declares no helper.
std::string_view declared(std::string_view line) {
  const size_t begin = line.starts_with("static ") ? line.find(kBegin) : line.npos;
  if (begin == line.npos)
    return {};
  line.remove_prefix(begin + kBegin.size());
  return line.substr(0, line.find(')'));
}

bool is_used_by_headers(std::string_view name) {
  return name.starts_with(kPrefix) && std::ranges::binary_search(kUsedByHeaders, name.substr(kPrefix.size()));
}

} // namespace

std::string helper_declarations(const std::unordered_set<std::string_view> &mentioned) {
  std::string_view text = embedded_header("bpf/bpf_helper_defs.h");
  std::string out;
  std::string_view comment; // what may describe the helper of the next line
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with(kComment) && line.ends_with("*/")) {
      comment = line;
      out += '\n';
      continue;
    }
    const std::string_view name = declared(line);
    if (name.empty() || mentioned.contains(name) || is_used_by_headers(name)) {
      if (!comment.empty())
        out.insert(out.size() - 1, comment);
      out += line;
    }
    out += '\n';
    comment = {};
  }
  return out;
}

} // namespace bpfcc
