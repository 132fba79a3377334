// SPDX-License-Identifier: MIT OR Apache-2.0
// Names of C++ in a format that takes those of C.
#pragma once
#include <llvm/DebugInfo/DWARF/DWARFDie.h>
#include <string>
#include <string_view>

namespace bpfcc {

// The definition's own place: where it is declared, if that is elsewhere.
llvm::DWARFDie declared_at(llvm::DWARFDie die);

// "kbpf::Ref<Map>" gives "kbpf__Ref_Map": an identifier of C that is the same in every unit. No three
// underscores stand in a row, since CO-RE takes what follows three for a flavour. Empty where the type itself
// has no name.
std::string c_type_name(llvm::DWARFDie type);

// Letters that C does not take become underscores.
std::string c_identifier_of(std::string_view name);

// What makes two descriptions of a type, in two units, the same type: tag, names around it, its own, and its
// unit where a namespace without a name is around it. For a type without a name, its size and its parts'
// names.
std::string type_key(llvm::DWARFDie type);

} // namespace bpfcc
