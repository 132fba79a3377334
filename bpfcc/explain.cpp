// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/explain.h"
#include <cstdio>
#include <iterator>

namespace bpfcc {
namespace {

struct Rejection {
  unsigned id;
  std::string_view name;
  std::string_view text;
};

constexpr Rejection kRejections[] = {
#define KBPF_REJECTION(id, identifier, name, error, text) {id, name, text},
#include "core/verifier/rejections.def"
#undef KBPF_REJECTION
};

// A program that is refused for it, one that is not, and what to do; in the order of kRejections.
struct Example {
  unsigned id;
  std::string_view refused, accepted, advice;
};

constexpr Example kExamples[] = {
#include "refusal_examples.inc"
};
static_assert(std::size(kExamples) == std::size(kRejections));

void append_indented(std::string &out, std::string_view title, std::string_view lines) {
  out += "\n" + std::string(title) + ":\n\n";
  while (!lines.empty()) {
    const size_t length = lines.find('\n') + 1;
    if (length > 1)
      out += "  ";
    out += lines.substr(0, length);
    lines.remove_prefix(length);
  }
}

} // namespace

std::string explain_rejection(std::string_view id) {
  for (size_t i = 0; i < std::size(kRejections); i++) {
    const Rejection &rejection = kRejections[i];
    char number[8];
    std::snprintf(number, sizeof number, "V%03u", rejection.id);
    if (id != number && id != rejection.name && id != std::to_string(rejection.id))
      continue;
    std::string out = std::string(number) + " " + std::string(rejection.name) + ": " +
                      std::string(rejection.text) + ".\n";
    append_indented(out, "Refused", kExamples[i].refused);
    append_indented(out, "Accepted", kExamples[i].accepted);
    return out + "\n" + std::string(kExamples[i].advice) + "\n";
  }
  return {};
}

} // namespace bpfcc
