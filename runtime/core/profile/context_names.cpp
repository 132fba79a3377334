// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/profile/context_names.h"

namespace kbpf {

ContextNames context_names(uint32_t prog_type) {
  switch (prog_type) {
#define KBPF_CONTEXT_TYPE(number, program, kernel)                                                           \
  case number:                                                                                               \
    return {program, kernel};
#include "abi/context_types.def"
#undef KBPF_CONTEXT_TYPE
  default:
    return {};
  }
}

} // namespace kbpf
