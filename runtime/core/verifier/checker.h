// SPDX-License-Identifier: MIT OR Apache-2.0
// Decides in a state whether the obligations of an instruction hold. What it cannot prove it refuses, with
// the values that stand against it.
#pragma once
#include "core/verifier/analysis.h"
#include "core/verifier/obligations.h"

namespace kbpf {

class Checker {
public:
  explicit Checker(Analysis &analysis) : analysis_(analysis) {}

  // All obligations of the instruction at state.insn. An error is a refusal, explained in the rejection.
  Result<void> check(const State &state);
  // When all is walked: what was given to global functions and dynptrs suits the atomic operations on it.
  Result<void> check_alignment() const;

private:
  // How memory is used, beyond Access: by a helper, bytes may be written that were not initialised before.
  struct MemoryUse {
    bool reads; // bytes must be initialised
    bool writes;
    bool by_helper; // alignment does not matter
    bool is_atomic;
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
  // calls.cpp
  Result<void> check_helper(const State &state);
  Result<void> check_argument(const State &state, const Obligation &obligation);
  Result<void> check_context_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_map_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_map_memory(const State &state, unsigned reg, kbpf_arg_type arg,
                                const HelperProto &proto);
  Result<void> check_sized_memory(const State &state, unsigned reg, kbpf_arg_type arg, kbpf_arg_type size_arg,
                                  const HelperProto &proto);
  Result<void> check_fixed_memory(const State &state, unsigned reg, uint64_t size, bool aligned,
                                  const MemoryUse &use, const HelperProto &proto);
  Result<void> check_may_lie_in_packet(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_constant_size(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_constant_string(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_tail_call(const State &state);
  Result<void> check_packet_load(const State &state);
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
  // map_fields.cpp
  Result<void> check_no_special_field(const State &state, unsigned reg, int64_t off, uint64_t size);
  Result<void> check_usable_map(const State &state, uint32_t index);
  Result<void> check_field_argument(const State &state, unsigned reg, kbpf_arg_type arg,
                                    const HelperProto &proto);
  Result<void> check_lock(const State &state, const Value &value, const HelperProto &proto);
  Result<void> check_timer(const State &state, const Value &value, const HelperProto &proto);
  Result<void> check_unlocked(const State &state, std::string_view what);
  // global_functions.cpp
  Result<void> check_global_call(const State &state, uint32_t function);
  Result<void> check_global_argument(const State &state, unsigned reg, const ArgType &type,
                                     std::string_view function);
  void note_alignment(const State &state, const Value &value);
  // references.cpp
  Result<void> check_record_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_socket_argument(const State &state, unsigned reg, const HelperProto &proto);
  Result<void> check_nothing_is_held(const State &state, std::string_view what);
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
  Result<void> check_what_is_loaded(const State &state, const Obligation &load);
  // btf_objects.cpp
  Result<void> check_btf_object(const State &state, unsigned reg, int64_t off, uint64_t size,
                                const MemoryUse &use);
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

  template <typename... Args>
  Error refuse(const State &state, RejectionId id, std::string_view format, const Args &...args) {
    return reject(analysis_.rejection, id, state.insn, format, args...);
  }

  Analysis &analysis_;
};

} // namespace kbpf
