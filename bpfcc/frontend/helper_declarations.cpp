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

std::vector<std::string_view> all_helpers() {
  std::vector<std::string_view> names;
  std::string_view text = embedded_header("bpf/bpf_helper_defs.h");
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (const std::string_view name = declared(line); !name.empty())
      names.push_back(name);
  }
  return names;
}

// The function-like macros of <bpf/...>, without those for their own use.
std::vector<std::string_view> all_macros() {
  constexpr std::string_view kDefine = "\n#define ";
  std::vector<std::string_view> names;
  for (std::string_view text : embedded_bpf_headers())
    for (size_t at = 0; (at = text.find(kDefine, at)) != text.npos;) {
      at += kDefine.size();
      const std::string_view name = text.substr(at, text.find_first_of("( \n", at) - at);
      if (text.substr(at + name.size()).starts_with('(') && !name.starts_with("__"))
        names.push_back(name);
    }
  return names;
}

} // namespace

std::string helper_hint(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kOthers[] = {
      {"printf", "bpf_printk"}, {"printk", "bpf_printk"}, {"bpf_print", "bpf_printk"}, {"htons", "bpf_htons"},
      {"htonl", "bpf_htonl"},   {"ntohs", "bpf_ntohs"},   {"ntohl", "bpf_ntohl"}};
  constexpr size_t kMaxLength = 64; // edit distance takes the product of both lengths
  for (const auto &[other, macro] : kOthers)
    if (name == other)
      return "; did you mean '" + std::string(macro) + "'?";
  if (name.size() > kMaxLength)
    return {};
  const std::vector<std::string_view> helpers = all_helpers();
  auto is_helper = [&](std::string_view wanted) {
    return std::ranges::find(helpers, wanted) != helpers.end();
  };
  const std::string with_prefix = std::string(kPrefix) + std::string(name);
  std::string_view meant;
  if (is_helper(name))
    return "; <bpf/bpf_helpers.h> declares it";
  if (is_helper(with_prefix))
    meant = with_prefix;
  else if (name.starts_with(kPrefix))
    meant = nearest_name(name, helpers);
  if (meant.empty())
    meant = nearest_name(name, all_macros());
  return meant.empty() ? std::string() : "; did you mean '" + std::string(meant) + "'?";
}

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
