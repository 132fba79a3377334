// SPDX-License-Identifier: MIT OR Apache-2.0
// Decides in a state whether the obligations of an instruction hold. What it cannot prove it refuses, with
// the values that stand against it.
#pragma once
#include "core/verifier/analysis.h"
#include "core/verifier/memory.h"
#include "core/verifier/obligations.h"

namespace kbpf {

class Checker {
public:
  explicit Checker(Analysis &analysis) : analysis_(analysis) {}

  // All obligations of the instruction at state.insn. An error is a refusal, explained in the rejection.
  Result<void> check(const State &state) {
    return is_plain(analysis_.insn(state.insn), state.frame().regs) ? Result<void>() : check_all(state);
  }
  Result<void> check_all(const State &state);
  // Most instructions: they compute with numbers, or compare what there is, so that every obligation holds.
  // regs: of the innermost frame.
  static bool is_plain(const Insn &insn, const Value *regs);
  // Of those, one that computes with a constant: whether it may be that one.
  static bool is_plain_constant(const Insn &insn);
  // Whether the instruction would tell the loader of such a program an address (RawProgram::hides_addresses).
  // leaks.cpp
  Result<void> check_leaks(const State &state);
  // When all is walked: what was given to global functions and dynptrs suits the atomic operations on it.
  Result<void> check_alignment() const;

  // The same for a number that is written to, or anything that is read from, one slot of the stack: `place`.
  bool is_plain_stack_access(const Insn &insn, const State &state, StackPlace &place);
  // The same for a load from the context that gives a number, whatever the context holds.
  bool is_plain_context_load(const Insn &insn, const Value &base, InsnFacts &facts);
  // The same for a load that gives a number, or a store, of bytes of the packet or of a map's value which are
  // known to be there.
  bool is_plain_memory_access(const Insn &insn, const Value &base, InsnFacts &facts) const;
  // The same for an address of the stack, the packet or a map's value that is moved by a number. `moved`: its
  // offset then.
  static bool is_plain_move(const Insn &insn, const Value &address, const Scalar &by, Scalar &moved);

private:
  // How memory is used, beyond Access: by a helper, bytes may be written that were not initialised before.
  struct MemoryUse {
    bool reads; // bytes must be initialised
    bool writes;
    bool by_helper; // alignment does not matter
    bool is_atomic;
    bool makes_object = false; // by a helper: in whose place another one may have been
  };
  class Sink;
  Result<void> check_one(const State &state, const Obligation &obligation);
  Result<void> check_access(const State &state, const Obligation &obligation);
  Result<void> check_strict_alignment(const State &state, const Obligation &access);
  Result<void> check_program_return(const State &state);
  // pointer_rules.cpp
  Result<void> check_movable(const State &state); // an operand at least is an address
  Result<void> check_movable(const State &state, unsigned reg, const Scalar &by, bool subtracts);
  Result<void> check_spill(const State &state, const Obligation &access);
  Result<void> check_initialised(const State &state, unsigned reg);
  Result<void> check_constant(const State &state);
  Result<void> check_atomic_result(const State &state);
  Result<void> check_reference(const State &state);
  Result<void> check_feature(const State &state);
  // leaks.cpp
  Result<void> check_computed_leak(const State &state);
  Result<void> check_stored_leak(const State &state);
  Result<void> check_stack_leak(const State &state, unsigned reg, const OffsetRange &at,
                                const MemoryUse &use);
  Result<void> check_compared_leak(const State &state);
  Result<void> check_returned_leak(const State &state);
  Result<void> check_leak_to_helper(const State &state);
  // calls.cpp
  Result<void> check_helper(const State &state);
  Result<void> check_argument(const State &state, unsigned reg, const HelperCall &call);
  Result<void> check_context_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_map_argument(const State &state, unsigned reg, const HelperCall &call);
  Result<void> check_map_memory(const State &state, unsigned reg, kbpf_arg_type arg, const HelperCall &call);
  Result<void> check_sized_memory(const State &state, unsigned reg, kbpf_arg_type arg, kbpf_arg_type size_arg,
                                  const HelperProto &proto);
  Result<void> check_fixed_memory(const State &state, unsigned reg, uint64_t size, bool aligned,
                                  const MemoryUse &use, const HelperProto &proto);
  Result<void> check_may_lie_in_packet(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_constant_size(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_constant_string(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_tail_call(const State &state);
  Result<void> check_packet_load(const State &state);
  Result<void> check_object(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_attachment(const State &state, const HelperProto &proto);
  // callbacks.cpp
  Result<void> check_function_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_callback_context(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_callback_return(const State &state);
  Result<void> check_map_key(const State &state, unsigned reg, int64_t off, uint64_t size,
                             const MemoryUse &use);
  // objects.cpp
  Result<void> check_object_space(const State &state, unsigned reg, uint32_t size, const HelperProto &proto);
  Result<void> check_object_argument(const State &state, unsigned reg, kbpf_arg_type arg,
                                     const HelperProto &proto);
  Result<void> check_rcu(const State &state, const HelperProto &proto);
  Result<void> check_preemption(const State &state, const HelperProto &proto);
  // dynptrs.cpp
  Result<void> check_constant(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_slice_buffer(const State &state, unsigned reg, const HelperProto &proto);
  // map_fields.cpp
  Result<void> check_no_special_field(const State &state, unsigned reg, int64_t off, uint64_t size);
  // kptrs.cpp
  Result<void> check_kptr_access(const State &state, unsigned reg, const OffsetRange &at,
                                 const MemoryUse &use);
  Result<void> check_kept_object(const State &state, unsigned reg, const RecordField &field);
  Result<void> check_kptr_field(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_kptr_value(const State &state, unsigned reg, const HelperProto &proto);
  // allocated.cpp
  Result<void> check_kept_local_object(const State &state, unsigned reg, const RecordField &field);
  Result<void> check_allocated(const State &state, unsigned reg, int64_t off, uint64_t size,
                               const MemoryUse &use);
  Result<void> check_local_type(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_returned_object(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_counted(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_root(const State &state, unsigned reg, RecordField::Kind kind, const HelperProto &proto);
  Result<void> check_node(const State &state, unsigned reg, RecordField::Kind kind, const HelperProto &proto);
  Result<void> check_per_cpu_object(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_field_of_lock(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_usable_map(const State &state, uint32_t index);
  Result<void> check_field_argument(const State &state, unsigned reg, kbpf_arg_type arg,
                                    const HelperProto &proto);
  Result<void> check_lock(const State &state, const Value &value, const HelperProto &proto);
  Result<void> check_work(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_timer(const State &state, const Value &value, const HelperProto &proto);
  Result<void> check_unlocked(const State &state, std::string_view what);
  // global_functions.cpp
  Result<void> check_global_call(const State &state, uint32_t function);
  Result<void> check_global_argument(const State &state, unsigned reg, const ArgType &type,
                                     std::string_view function);
  Result<void> check_global_object(const State &state, unsigned reg, const ArgType &type,
                                   std::string_view function);
  void note_alignment(const State &state, const Value &value);
  // references.cpp
  Result<void> check_record_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_map_header(const State &state, unsigned reg, int64_t off, uint64_t size,
                                const MemoryUse &use);
  Result<void> check_socket(const State &state, unsigned reg, int64_t off, uint64_t size,
                            const MemoryUse &use);
  Result<void> check_socket_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_nothing_is_held(const State &state, std::string_view what);
  Result<void> check_no_section(const State &state, std::string_view what); // no lock, no read section
  Result<void> check_return(const State &state);

  // size bytes from register reg plus off.
  Result<void> check_memory(const State &state, unsigned reg, int64_t off, uint64_t size,
                            const MemoryUse &use);
  Result<void> check_stack(const State &state, unsigned reg, int64_t off, uint64_t size,
                           const MemoryUse &use);
  Result<void> check_map_value(const State &state, unsigned reg, int64_t off, uint64_t size,
                               const MemoryUse &use);
  Result<void> check_granted(const State &state, unsigned reg, int64_t off, uint64_t size,
                             const MemoryUse &use);
  Result<void> check_what_is_followed(const State &state, const Obligation &load);
  // btf_objects.cpp
  Result<void> check_btf_object(const State &state, unsigned reg, int64_t off, uint64_t size,
                                const MemoryUse &use);
  Result<void> check_member(const State &state, unsigned reg, const Btf &types, uint32_t type, uint64_t at,
                            uint64_t size);
  Result<void> check_traced_argument(const State &state, int64_t off, uint64_t size, const MemoryUse &use);
  bool is_taken_for_pointer(const Value &value) const; // see RawProgram::follows_numbers
  Result<void> check_variable(const State &state, uint32_t id);
  Result<void> check_cast(const State &state, const HelperProto &proto);
  Result<void> check_trusted(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_object_memory(const State &state, unsigned reg, bool is_read, const HelperProto &proto);
  Result<void> check_btf_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_context(const State &state, unsigned reg, int64_t off, uint64_t size,
                             const MemoryUse &use);
  Result<void> check_packet(const State &state, unsigned reg, int64_t off, uint64_t size,
                            const MemoryUse &use);
  Result<void> check_fd_slot(const State &state, unsigned reg, int64_t off, uint64_t size,
                             const MemoryUse &use);

  // With another error than what most refusals of that id give, where Linux has it so.
  template <typename... Args> Error refuse_as(Error error, const State &state, RejectionId id,
                                              std::string_view format, const Args &...args) {
    static_cast<void>(refuse(state, id, format, args...));
    return error;
  }
  template <typename... Args>
  Error refuse(const State &state, RejectionId id, std::string_view format, const Args &...args) {
    return reject(analysis_.rejection, id, state.insn, format, args...);
  }

  Analysis &analysis_;
};

// What has to hold of the operands of a plain instruction, by its opcode.
struct PlainRules {
  static constexpr uint8_t kIsPlain = 1, kDstIsNumber = 2, kSrcIsNumber = 4, kSrcHolds = 8, kDstHolds = 16,
                           kImmIsNotZero = 32, kImmShifts = 64, kDstIsWritten = 128;
  uint8_t of[256];
  constexpr PlainRules() : of() {
    for (unsigned opcode = 0; opcode < 256; opcode++) {
      const Insn insn{static_cast<uint8_t>(opcode), 0, 0, 0};
      const bool from_register = insn.src_is_reg();
      if (insn.is_jump() && insn.code() != KBPF_JMP_JCOND) {
        of[opcode] =
            insn.code() == KBPF_JMP_JA ? kIsPlain : kIsPlain | kDstHolds | (from_register ? kSrcHolds : 0);
        continue;
      }
      if (!insn.is_alu())
        continue;
      switch (insn.code()) {
      case KBPF_ALU_MOV:
        of[opcode] = kIsPlain | kDstIsWritten | (from_register ? kSrcHolds : 0);
        break;
      case KBPF_ALU_END:
      case KBPF_ALU_NEG:
        of[opcode] = kIsPlain | kDstIsNumber;
        break;
      case KBPF_ALU_DIV:
      case KBPF_ALU_MOD:
        of[opcode] = kIsPlain | kDstIsNumber | (from_register ? kSrcIsNumber : kImmIsNotZero);
        break;
      case KBPF_ALU_LSH:
      case KBPF_ALU_RSH:
      case KBPF_ALU_ARSH:
        of[opcode] = kIsPlain | kDstIsNumber | (from_register ? kSrcIsNumber : kImmShifts);
        break;
      default:
        of[opcode] = kIsPlain | kDstIsNumber | (from_register ? kSrcIsNumber : 0);
      }
    }
  }
};
inline constexpr PlainRules kPlainRules;

inline bool Checker::is_plain_constant(const Insn &insn) {
  using Rules = PlainRules;
  const uint8_t rules = kPlainRules.of[insn.opcode];
  if (!(rules & (Rules::kImmIsNotZero | Rules::kImmShifts)))
    return true;
  return rules & Rules::kImmShifts
             ? static_cast<uint32_t>(insn.imm) < (insn.cls() == KBPF_CLASS_ALU64 ? 64 : 32)
             : insn.imm != 0;
}

// A number is not in r10, so that it may be written.
inline bool Checker::is_plain(const Insn &insn, const Value *regs) {
  using Rules = PlainRules;
  const uint8_t rules = kPlainRules.of[insn.opcode];
  const Kind dst = regs[insn.dst()].kind;
  if (rules == (Rules::kIsPlain | Rules::kDstIsNumber))
    return dst == Kind::scalar;
  if (rules == (Rules::kIsPlain | Rules::kDstHolds))
    return dst != Kind::uninitialised;
  if (!(rules & Rules::kIsPlain))
    return false;
  const Kind src = regs[insn.src()].kind;
  return !((rules & Rules::kDstIsNumber && dst != Kind::scalar) ||
           (rules & Rules::kSrcIsNumber && src != Kind::scalar) ||
           (rules & Rules::kSrcHolds && src == Kind::uninitialised) ||
           (rules & Rules::kDstHolds && dst == Kind::uninitialised) ||
           (rules & (Rules::kImmIsNotZero | Rules::kImmShifts) && !is_plain_constant(insn)) ||
           (rules & Rules::kDstIsWritten && insn.dst() == KBPF_REG_FP));
}

} // namespace kbpf
