// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/explain.h"
#include <cstdio>

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

} // namespace

std::string explain_rejection(std::string_view id) {
  for (const Rejection &rejection : kRejections) {
    char number[8];
    std::snprintf(number, sizeof number, "V%03u", rejection.id);
    if (id == number || id == rejection.name || id == std::to_string(rejection.id))
      return std::string(number) + " " + std::string(rejection.name) + ": " + std::string(rejection.text) +
             ".\n";
  }
  return {};
}

} // namespace bpfcc
