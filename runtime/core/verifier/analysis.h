// SPDX-License-Identifier: MIT OR Apache-2.0
// What the parts of one verification share: the program, what is known of it beforehand, and what the walk
// finds out.
#pragma once
#include "core/verifier/cfg.h"
#include "core/verifier/function_types.h"
#include "core/verifier/inline_call.h"
#include "core/verifier/memory.h"
#include "core/verifier/object_types.h"
#include "core/verifier/record_fields.h"
#include "core/verifier/state.h"
#include "core/verifier/verifier.h"

namespace kbpf {

struct Analysis {
  const RawProgram &program;
  Cfg cfg{};
  Rejection &rejection;
  std::span<InsnFacts> facts{};
  // Per instruction, for helper calls: bit n, argument register n was uninitialised on some path and is to be
  // zeroed.
  std::span<uint8_t> zeroed_args{};
  std::span<uint8_t> branches{};                    // per instruction, for conditional jumps: kJumps, kPasses
  static constexpr uint8_t kJumps = 1, kPasses = 2; // on some path
  std::span<SeenCall> calls{};                      // per instruction, for calls of helpers
  uint32_t last_id = 0;                             // of Value::id
  uint32_t context_bytes = 0; // of the context that the program accesses, from its start
  UnwrittenStackRead unwritten_read{};
  GlobalFunctions global_functions{};
  uint64_t searched_members = 0; // of structures, by all loads
  uint32_t per_cpu_section = 0;  // its id plus 1; 0: not looked for yet
  struct KnownStructure {
    const char *name;
    uint32_t id;
  } structures[16] = {};             // looked for already
  std::span<ObjectRecord> records{}; // of structures of the program's own that were looked at last
  uint32_t next_record = 0;
  bool were_types_looked_at = false, has_refused_type = false;
  // Maps, as bits by their index in RawProgram::maps below 64: those that the program may name, as was seen;
  // of these, those whose values hold nothing but bytes to read and write; and those in which it may look up
  // a value, as was seen.
  uint64_t usable_maps = 0, plain_values = 0, plain_maps = 0;
  static constexpr uint64_t map_bit(uint32_t index) { return index < 64 ? uint64_t{1} << index : 0; }
  bool makes_packet_dynptrs = false;      // of socket buffers
  std::optional<TracedFunction> traced{}; // what the program is attached to, where its prototype is known
  // Of memory arguments of global functions, and of what dynptrs stand for: atomic operations on them need an
  // alignment that only the place shows which gives them.
  struct {
    uint32_t needed = 1, needed_insn = 0; // bytes: the largest such operation
    uint32_t given = 8, given_insn = 0;   // the least aligned memory that was given
  } alignment{};

  void note_unwritten_read(const UnwrittenStackRead &read) {
    if (!unwritten_read.found)
      unwritten_read = read;
  }
  const Insn &insn(uint32_t index) const { return program.insns[index]; }
  const MapRef &map(const Value &value) const {
    const MapRef &outer = program.maps[value.map];
    return value.is_inner ? *outer.inner : outer;
  }
  // The field of a map's value, or of an allocated object, that bytes of it lie in; null: none.
  const RecordField *field_at(const Value &base, const OffsetRange &at);
  // The one that begins where `value` points to; null: none does, or it points to one of several places.
  const RecordField *field_pointed_to(const Value &value);
  // Of a structure of the program's types, where objects are allocated. Until the next but a few that are
  // asked for.
  const ObjectRecord &object_record(uint32_t type);
  uint32_t new_id() { return ++last_id; }
  // The id of a structure of the kernel; 0: it has none of that name. name: a constant of the tables.
  uint32_t structure(std::string_view name) {
    for (KnownStructure &known : structures) {
      if (!known.name)
        known = {name.data(), program.kernel_btf->find(name, BtfKind::structure)};
      if (known.name == name.data())
        return known.id;
    }
    return program.kernel_btf->find(name, BtfKind::structure);
  }
  // Whether each CPU has a variable of the kernel of its own, as its section says.
  bool is_per_cpu(uint32_t variable);
  // The name of the structure that a btf_object points to.
  std::string_view structure_name(const Value &value) const {
    return program.kernel_btf->name(program.kernel_btf->type(value.type_id));
  }
  KernelTypes kernel_types() const { return {program.kernel_btf, program.kernel_is_guess}; }
  // The type that a constant names; 0: none.
  uint32_t local_type(const Value &id) const {
    const uint64_t number = id.number.value();
    if (program.own_ids.empty())
      return static_cast<uint32_t>(number);
    return number < program.own_ids.size() ? program.own_ids[number] : 0;
  }
  // Whether Linux takes none of the program's types, for one of its structures.
  bool are_types_refused();
  std::string_view local_name(uint32_t type) const { return program.btf->name(program.btf->type(type)); }
  // Whether the instruction is reached from a call of a helper before it only, and its result, which r0 is,
  // has no copy.
  bool is_behind_call(uint32_t index) const {
    return cfg.is_join[index] == Cfg::kBehindCall && index != 0 && insn(index - 1).is_call();
  }
  // Whether the function that begins at this instruction is checked on its own.
  bool is_global(uint32_t function) const {
    return !global_functions.types.empty() && global_functions.types[function].is_global;
  }
  // The field of the context that is the address of one of Linux's sockets; null: there is none.
  const SocketField *socket_at(int64_t off) const {
    return program.profile->number == KBPF_PROFILE_LINUX
               ? linux_socket_field(program.type->number, static_cast<uint64_t>(off))
               : nullptr;
  }
  // Whether a load of the context gives the address of the packet, at base + off.
  bool is_packet_address(const Value &base, int64_t off) const {
    const ContextField *field =
        base.kind == Kind::context ? program.type->context->field_at(static_cast<uint64_t>(off)) : nullptr;
    return field && field->access.kind != FieldAccess::Kind::number;
  }
};

// What a btf_object points to is there.
inline bool is_trusted(const Value &value) { return value.owner != 0 || value.trust == trust::kTrusted; }
// Whether what runs may sleep.
bool sleeps(const Analysis &analysis, const State &state);
// Whether what RCU protects stays there.
bool in_read_section(const Analysis &analysis, const State &state);
// Whether it is the lock of the value, or of the object, that is held.
bool holds_lock_of(const State &state, const Value &value);
// The helper that the callback in this frame was called by.
uint32_t helper_that_called(const Analysis &analysis, const State &state, uint32_t frame);
// argument: from 1.
bool is_object_argument(const HelperProto &proto, uint32_t argument);                      // by the tables
bool takes_map_as_object(const Value &value, const HelperProto &proto, uint32_t argument); // a struct bpf_map
bool takes_null_object(const HelperProto &proto, uint32_t argument);

// A call of a helper as the verifier sees it: its prototype, and the map that one of its arguments names.
struct HelperCall {
  const HelperProto *proto;
  const MapRef *map = nullptr; // null: none
  uint16_t index = 0;          // of the map in RawProgram::maps
  bool is_inner = false;       // it was looked up in that map
};
// Nothing for an argument that names no map of the program; proto must exist.
HelperCall resolve_call(const Analysis &analysis, const State &state, const HelperProto &proto);
// Whether the helper writes a value of the map to where the argument points. Bloom filters have no values to
// give: to peek is to ask for the value that is there.
bool fills_value(kbpf_arg_type arg, const MapRef &map);

} // namespace kbpf
