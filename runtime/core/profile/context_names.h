// SPDX-License-Identifier: MIT OR Apache-2.0
// Names of the structure that is a program's context (runtime/abi/context_types.def).
#pragma once
#include <cstdint>
#include <string_view>

namespace kbpf {

struct ContextNames {
  std::string_view program; // empty: it has no name of its own, so that only a tag makes an argument one
  std::string_view kernel;  // empty: programs get no pointer to it
};
ContextNames context_names(uint32_t prog_type);

} // namespace kbpf
