// SPDX-License-Identifier: MIT OR Apache-2.0
// Refusals by their names. reject() fills a Rejection and gives the error to return.
#pragma once
#include "core/verifier/verifier.h"

namespace kbpf {

enum class RejectionId : uint16_t {
#define KBPF_REJECTION(id, identifier, name, error, text) identifier = id,
#include "core/verifier/rejections.def"
#undef KBPF_REJECTION
};

const char *rejection_name(RejectionId id);
const char *rejection_text(RejectionId id); // what it means, in one sentence
Error rejection_error(RejectionId id);

template <typename... Args> Error reject(Rejection &rejection, RejectionId id, size_t insn,
                                         std::string_view format, const Args &...args) {
  rejection.id = static_cast<uint16_t>(id);
  rejection.name = rejection_name(id);
  rejection.insn = static_cast<uint32_t>(insn);
  TextBuffer message(rejection.message, sizeof(rejection.message));
  print(message, format, args...);
  return rejection_error(id);
}

} // namespace kbpf
