// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions of the program that helpers call back: of bpf_loop, bpf_for_each_map_elem, bpf_find_vma and
// bpf_user_ringbuf_drain, and those of timers, which run later, on their own. The helper may call any number
// of times, so the walk goes, at each call of it, into the function and behind the call; a round that begins
// in a state which an earlier one covers is known.
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

constexpr uint32_t kForEachMapElem = 164, kFindVma = 180, kUserRingbufDrain = 209;

} // namespace

Result<void> Checker::check_function_argument(const State &state, unsigned reg, const HelperProto &proto) {
  if (proto.number != kForEachMapElem && proto.number != kLoop && proto.number != kTimerSetCallback &&
      proto.number != kFindVma && proto.number != kUserRingbufDrain && proto.number != kTreeAdd &&
      proto.number != kWorkSetCallback)
    return refuse(state, RejectionId::callback,
                  "what {} passes to a function that it calls is not known here", proto.c_name);
  const Value &value = state.reg(reg);
  if (value.kind != Kind::function)
    return refuse_as(is_kernel_function(proto.number) ? Error::invalid : Error::access_denied, state,
                     RejectionId::helper_argument,
                     "r{}, an argument of {}, is a {}: a function of the program is needed", reg,
                     proto.c_name, kind_name(value.kind));
  return {};
}

Result<void> Checker::check_callback_context(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.kind != Kind::stack)
    return refuse(
        state, RejectionId::helper_argument,
        "r{}, which {} hands on to the function, is a {}: a pointer into the stack or null is needed", reg,
        proto.c_name, kind_name(value.kind));
  return {};
}

// 0: go on, 1: stop. A timer's function has nothing to stop.
Result<void> Checker::check_callback_return(const State &state) {
  const Value &r0 = state.reg(0);
  const uint64_t most = state.frame_count == 1 ? 0 : 1;
  if (!r0.is_scalar())
    return refuse_as(Error::access_denied, state, RejectionId::callback,
                     "a function that a helper has called returns a {}, not 0 or 1", kind_name(r0.kind));
  rely_on(state, r0);
  if (r0.number.r64.umax > most)
    return refuse(state, RejectionId::callback,
                  most ? "a function that a helper has called returns 0 or 1; r0 may be {} to {}"
                       : "a function that runs later, a timer's or work, returns 0; r0 may be {} to {}",
                  r0.number.r64.smin, r0.number.r64.smax);
  return check_nothing_is_held(state, "the function that a helper has called ends");
}

Result<void> Checker::check_map_key(const State &state, unsigned reg, int64_t off, uint64_t size,
                                    const MemoryUse &use) {
  const Value &base = state.reg(reg);
  const MapRef &map = analysis_.map(base);
  OffsetRange at = offsets(base, off, size);
  if (use.writes)
    return refuse(state, RejectionId::map_access_forbidden,
                  "r{} points to a key of map {}, which may only be read", reg, base.map);
  if (!at.is_bounded || at.first < 0 || at.end > static_cast<int64_t>(map.key_size))
    return refuse(state, RejectionId::map_value_out_of_bounds,
                  "{} bytes at r{}: offsets {} to {} in a key of map {}, which has {} bytes", size, reg,
                  at.first, at.end - 1, base.map, map.key_size);
  return {};
}

Result<bool> Transformer::enter_callback(State &state) {
  const uint32_t call = state.insn;
  const HelperProto &proto =
      *analysis_.program.profile->helper(static_cast<uint32_t>(analysis_.insn(call).imm));
  Frame &caller = state.frame();
  const bool is_loop = proto.number == kLoop;
  if (is_loop && caller.regs[1].is_scalar() && caller.rounds >= caller.regs[1].number.r64.umax)
    return false;
  caller.rounds++;
  const bool takes_two_before = proto.number == kFindVma || proto.number == kTreeAdd;
  const unsigned function = takes_two_before ? 3 : 2; // its register; what it hands on comes behind
  const uint32_t first = analysis_.cfg.subprograms[caller.regs[function].function].first;
  Frame *callee = pool_.push_frame(state, first, call);
  if (!callee)
    return Error::no_memory;
  callee->is_callback = true;
  if (is_loop) {
    callee->regs[1] = Value::unknown(); // the round's number
    callee->regs[2] = caller.regs[3];
  } else if (proto.number == kTreeAdd) { // two nodes to compare
    const RecordField root = *analysis_.field_pointed_to(caller.regs[1]);
    callee->regs[1] = callee->regs[2] = lent_node(root, false);
  } else if (proto.number == kUserRingbufDrain) { // a record, as a dynptr
    callee->regs[1].kind = Kind::dynptr_argument;
    callee->regs[1].id = analysis_.new_id();
    callee->regs[1].number = Scalar::constant(0);
    callee->regs[2] = caller.regs[3];
  } else if (proto.number == kFindVma) { // the task, and an area of its memory
    callee->regs[1] = caller.regs[1];
    const Value unused[5] = {};
    const std::optional<Value> area = object_result(proto, unused);
    callee->regs[2] = area ? *area : Value();
    if (!area) { // the kernel's BTF is not known
      callee->regs[2].kind = Kind::object;
      callee->regs[2].number = Scalar::constant(0);
    }
    callee->regs[3] = caller.regs[4];
  } else {
    callee->regs[1] = caller.regs[1];
    callee->regs[2] = caller.regs[1];
    callee->regs[2].kind = Kind::map_key;
    callee->regs[3] = caller.regs[1];
    callee->regs[3].kind = Kind::map_value;
    callee->regs[4] = caller.regs[3];
  }
  state.insn = first;
  return true;
}

Result<void> Transformer::enter_timer_function(const State &state, State &later) {
  const Value &timer = state.reg(1);
  Frame *frame = pool_.push_frame(later, analysis_.cfg.subprograms[state.reg(2).function].first, 0);
  if (!frame)
    return Error::no_memory;
  frame->is_callback = true;
  Value map = Value();
  map.map = timer.map;
  map.is_inner = timer.is_inner;
  map.number = Scalar::constant(0);
  constexpr Kind kArguments[] = {Kind::map, Kind::map_key, Kind::map_value};
  for (unsigned i = 0; i < 3; i++) {
    frame->regs[i + 1] = map;
    frame->regs[i + 1].kind = kArguments[i];
  }
  later.insn = frame->first_insn;
  return {};
}

} // namespace kbpf
