// SPDX-License-Identifier: MIT OR Apache-2.0
// What DWARF says of code: which functions were inlined where, and which variable a register holds. The front
// end reads it, the relocator explains with it; both know functions by their name.
#pragma once
#include "bpfcc/diag.h"
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

struct FunctionDebugInfo {
  // Slots of 8 bytes, from the function's start; end is not in it.
  struct Range {
    uint32_t begin, end;
  };
  // An inlined function; scopes[0] is the function itself.
  struct Scope {
    uint32_t parent;
    std::string function;
    SourceLocation call; // where it was called
    std::vector<Range> slots;
  };
  struct Place {
    enum class Kind : uint8_t { reg, stack } kind;
    Range slots;
    uint32_t reg;   // that holds the variable
    int64_t offset; // stack: its first byte from r10
  };
  struct Variable {
    std::string name;
    uint32_t scope; // index
    std::vector<Place> places;
    uint64_t size = 0;         // bytes, as declared; 0: not known
    uint64_t element_size = 0; // of an array; 0: it is none
  };
  struct StackVariable {
    const Variable *variable = nullptr; // null: none
    int64_t begin = 0;                  // its first byte from r10
  };
  uint32_t slot_count = 0;
  std::vector<Scope> scopes;
  std::vector<Variable> variables;
};

struct InlinedCall {
  std::string_view function;
  const SourceLocation *call;
};

class DebugInfo {
public:
  // A second function of the same name makes both unknown: names do not tell them apart.
  void add(const std::string &name, FunctionDebugInfo function);
  // Null: not known, or of another size than the code that is asked about.
  const FunctionDebugInfo *find(std::string_view function, uint32_t slot_count) const;

private:
  std::map<std::string, FunctionDebugInfo, std::less<>> functions_;
};

// The inlined functions that an instruction belongs to, the innermost first.
std::vector<InlinedCall> inlining_at(const FunctionDebugInfo &function, uint32_t slot);
// The variable of the innermost scope that a register holds before an instruction; empty: none.
std::string_view variable_in(const FunctionDebugInfo &function, uint32_t slot, uint32_t reg);
// The one that has a byte of the stack.
FunctionDebugInfo::StackVariable variable_on_stack(const FunctionDebugInfo &function, uint32_t slot,
                                                   int64_t offset);

} // namespace bpfcc
