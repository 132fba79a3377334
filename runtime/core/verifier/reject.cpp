// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/reject.h"

namespace kbpf {

const char *rejection_name(RejectionId id) {
  switch (id) {
#define KBPF_REJECTION(id, identifier, name, error, text)                                                    \
  case RejectionId::identifier:                                                                              \
    return name;
#include "core/verifier/rejections.def"
#undef KBPF_REJECTION
  }
  return "";
}

const char *rejection_text(RejectionId id) {
  switch (id) {
#define KBPF_REJECTION(id, identifier, name, error, text)                                                    \
  case RejectionId::identifier:                                                                              \
    return text;
#include "core/verifier/rejections.def"
#undef KBPF_REJECTION
  }
  return "";
}

Error rejection_error(RejectionId id) {
  switch (id) {
#define KBPF_REJECTION(id, identifier, name, error, text)                                                    \
  case RejectionId::identifier:                                                                              \
    return Error::error;
#include "core/verifier/rejections.def"
#undef KBPF_REJECTION
  }
  return Error::invalid;
}

} // namespace kbpf
