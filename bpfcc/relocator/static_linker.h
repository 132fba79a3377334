// SPDX-License-Identifier: MIT OR Apache-2.0
// Joins several relocatable BPF objects into one, as libbpf's bpf_linker does; the passes then see the result
// as if one compilation had made it. Sections of one name are laid one behind the other, names are resolved
// across files (a strong definition wins over weak ones, static ones stay with their file), and what two
// files call by one name must have one type.
#pragma once
#include "bpfcc/relocator/passes.h"
#include <span>

namespace bpfcc {

struct LinkInput {
  std::string name;                                                    // for messages
  std::string_view bytes;                                              // an ELF object
  const std::map<std::string, SourceLocation> *declarations = nullptr; // from the front end; may be null
};

// The bytes of the joined object. Empty: errors were reported. DWARF is left out.
std::string link_objects(std::span<const LinkInput> inputs, Diagnostics &diag);

} // namespace bpfcc
