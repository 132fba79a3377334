// SPDX-License-Identifier: MIT OR Apache-2.0
// What an instruction does to a state, given that its obligations hold. Control flow is the driver's: it asks
// here for the two sides of a branch, and for what calls and returns do to registers.
#pragma once
#include "core/verifier/analysis.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/stack_object.h"

namespace kbpf {

struct Branch {
  bool may_jump, may_pass;
  bool compares_numbers = false; // of which set_taken() knows more
};

// Packet pointers are numbers from now on: the packet may be elsewhere.
void forget_packets(State &state);
// Whether it points to a slice whose buffer has bytes of the stack from first to end - 1.
inline bool is_slice_of_buffer(const Value &value, uint32_t frame, int64_t first, int64_t end) {
  return (value.kind == Kind::memory || value.kind == Kind::memory_or_null) && value.range != 0 &&
         value.frame == frame && -int64_t{value.range} < end && first < int64_t{value.size} - value.range;
}
// So are such slices.
void forget_slices_of_buffer(State &state, uint32_t frame, int64_t first, int64_t end);

class Transformer {
public:
  Transformer(Analysis &analysis, StatePool &pool) : analysis_(analysis), pool_(pool) {}

  // Arithmetic and moves; apply() does them too.
  void alu(State &state, const Insn &insn);
  // A load or a store that Checker::is_plain_stack_access() has found to be one. Error: no_memory.
  Result<void> access_stack(State &state, const Insn &insn, const StackPlace &place);
  // Every instruction but jumps, exit and calls of subprograms. Error: no_memory.
  Result<void> apply(State &state);
  // A lookup in one of Analysis::plain_maps; apply() does them too.
  void look_up(State &state);

  // Where the conditional jump at state.insn can go.
  Branch predict(const State &state);
  // Narrows the state by the conditional jump at state.insn being taken, or not. False: it can't be.
  // was_predicted: predict() has just looked at this very state; where the jump is taken, set_taken() was
  // told to it.
  [[nodiscard]] bool assume_jump(State &state, bool taken, bool was_predicted = false);

  // A comparison with null of what may be that and has no copy: it is not.
  void set_not_null(Value &value);

  // Whether the conditional jump at state.insn, to target, can go both ways, and nobody can ask later for
  // what it compares: a number, with a constant.
  bool only_decides(const State &state, uint32_t target) const;

  // A copy of the state that predict() has just looked at: the numbers that it compared are what they are
  // where the jump is taken.
  void set_taken(State &state) { set_compared(state, taken_); }

  // Enters the function at first_insn with a new frame; the caller's r0 to r5 are gone. Error: no_memory.
  Result<void> enter(State &state, uint32_t first_insn, uint32_t return_to);
  // callbacks.cpp: enters the function that the helper called at state.insn calls back. False: it calls it no
  // more. Error: no_memory.
  Result<bool> enter_callback(State &state);
  // callbacks.cpp: the function that the call of bpf_timer_set_callback at state.insn names begins in
  // `later`, an empty state. Error: no_memory.
  Result<void> enter_timer_function(const State &state, State &later);
  // objects.cpp: goes behind the call of an iterator's next at state.insn, with an element. False: it has
  // ended before. Error: no_memory.
  Result<bool> next_element(State &state);
  // global_functions.cpp: goes behind a call of a global function, whose arguments were checked; begins a
  // walk of one in an empty state. Error: no_memory.
  Result<void> call_global(State &state, uint32_t function);
  Result<void> begin_global(State &state, uint32_t function);
  // Leaves the innermost frame; its r0 becomes the caller's, but for callbacks.
  void leave(State &state);

private:
  void compute(State &state, const Insn &insn, Value &dst, const Scalar &src, uint64_t sources);
  void move(State &state, const Insn &insn, Value &dst);
  [[nodiscard]] bool assume_numbers(State &state, const Insn &insn, bool taken, bool was_predicted);
  Value arithmetic(const Insn &insn, const Value &dst, const Value &src);
  void load_wide(State &state, const Insn &insn);
  void load_packet(State &state, const Insn &insn);
  void load(State &state, const Insn &insn);
  Value load_from(State &state, const Value &base, const Insn &insn);
  // btf_objects.cpp
  Value load_argument(const OffsetRange &at, unsigned size);
  Value load_socket(const SocketField &field);
  Value load_member(const State &state, const Value &base, const OffsetRange &at, unsigned size);
  // kptrs.cpp
  Value load_kptr(const State &state, const RecordField &field);
  Result<void> exchange_kptr(State &state, const Value (&args)[5]);
  // allocated.cpp
  Value local_object(uint32_t type_id, uint16_t trust, bool may_be_null);
  Value lent_node(const RecordField &root, bool may_be_null);
  Value load_local_kptr(const State &state, const RecordField &field);
  void lend(State &state, const Value &node);
  Result<void> set_allocated(State &state, const HelperProto &proto, const Value (&args)[5]);
  // Nothing: its type is not known.
  std::optional<Value> object_result(const HelperProto &proto, const Value (&args)[5]);
  Value variable_value(uint32_t id);
  Value variable_in_place(uint32_t type, bool may_be_null);
  // By the name of its structure, a constant of the tables.
  Value kernel_object(std::string_view structure, uint16_t trust, bool may_be_null);
  Value object_value(uint32_t type_id, uint16_t trust, bool may_be_null);
  Result<void> store(State &state, const Insn &insn);
  Result<void> store_to_stack(State &state, const Value &base, int64_t off, unsigned size,
                              const Value &value);
  Result<void> atomic(State &state, const Insn &insn);
  // call_effects.cpp
  Result<void> call_helper(State &state, const Insn &insn);
  void note_ring_flags(const State &state, const HelperProto &proto);
  void note_constant_key(const State &state, const HelperCall &call);
  Result<void> fill_arguments(State &state, const HelperCall &call);
  Result<void> acquire(State &state, uint32_t id, ReferenceKind kind);
  // objects.cpp: what an argument makes, ends, or gives back.
  Result<void> apply_object_argument(State &state, const HelperProto &proto, unsigned argument,
                                     const Value (&args)[5]);
  // dynptrs.cpp: what the DYNPTR argument points to; what slices are, and what a write to one does.
  StackObject dynptr_of(const State &state, const HelperProto &proto, const Value (&args)[5]) const;
  void set_slice(State &state, const HelperProto &proto, const Value (&args)[5]);
  void write_to_buffer(State &state, const Value &slice);
  Result<void> set_result(State &state, const HelperCall &call, const Value (&args)[5]);
  // Every copy of a pointer that might have been null is null, or is not.
  void learn_null(State &state, const Value &pointer, bool is_null);
  // A helper fills memory of a size between least and most; what lies between the two may stay as it was.
  Result<void> initialise(State &state, const Value &base, uint64_t least, uint64_t most);
  // What a comparison of a packet pointer with the packet's end says of the packet's length.
  void learn_packet_range(State &state, const Insn &insn, bool taken);
  Value move_in_packet(const Value &pointer, const Scalar &by, bool is_add);
  // Gives a number that will have a copy an id, so that both are narrowed together.
  void link(Value &value);

  Analysis &analysis_;
  StatePool &pool_;
  struct Compared {
    Scalar dst, src;
  };
  void set_compared(State &state, const Compared &compared);
  Compared passed_, taken_; // what predict() has found of the numbers that it compared, where the jump is not
                            // taken, and where it is
};

} // namespace kbpf
