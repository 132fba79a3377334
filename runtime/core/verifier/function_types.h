// SPDX-License-Identifier: MIT OR Apache-2.0
// What BTF says of the program's functions. One with external linkage is checked on its own, once, for all
// arguments that its prototype allows; its callers are checked against the prototype (Linux: global
// functions). Functions without BTF, and static ones, have no prototype that counts: they are walked at each
// call.
#pragma once
#include "core/base/arena.h"
#include "core/verifier/cfg.h"
#include <string_view>

namespace kbpf {

struct ArgType {
  enum class Kind : uint8_t {
    number,
    context, // of the program, at its start
    memory,  // `size` bytes that may be read and written
    dynptr,  // of any kind, that may be used but not ended
    object,  // of the kernel, trusted
  } kind = Kind::number;
  bool may_be_null = false; // memory, object
  uint32_t size = 0;        // memory: bytes
  uint32_t type_id = 0;     // object: of its structure, in RawProgram::kernel_btf
};

struct FunctionType {
  bool is_global = false;
  bool is_called = false;      // by code that was walked
  bool is_walked = false;      // on its own
  bool changes_packet = false; // it, or what it calls
  bool is_known = false;       // what follows was read
  uint8_t count = 0;           // of arguments
  ArgType args[5];
};

struct GlobalFunctions {
  std::span<FunctionType> types;  // one for each subprogram; none where no function is global
  std::span<const uint32_t> tags; // by type id: the first "arg:" tag of a function, the next one of a tag
};

// Error: no_memory.
Result<GlobalFunctions> find_global_functions(const RawProgram &program, const Cfg &cfg, Arena &arena);
// Reads the prototype of a global function, if that was not done yet. insn: the call that asks for it. Error:
// a refusal of what can't be checked on its own.
Result<void> read_prototype(const RawProgram &program, GlobalFunctions &functions, uint32_t function,
                            uint32_t insn, Rejection &rejection);
// Whether the program makes dynptrs to packets, which move where something is written by way of one.
bool makes_packet_dynptrs(const RawProgram &program, const Cfg &cfg);
// The function's name in BTF, which says that it is global.
std::string_view function_name(const RawProgram &program, uint32_t function);

} // namespace kbpf
