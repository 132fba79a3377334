// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers that work on objects on the stack: dynptrs and iterators. What makes one takes stack that holds
// none; what uses one takes a pointer to its start.
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/stack_object.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

const char *article_name(const StackObject &object) {
  switch (object.kind) {
  case StackObjectKind::local_dynptr:
    return "a dynptr to a map's value";
  case StackObjectKind::ringbuf_dynptr:
    return "a dynptr to a record";
  case StackObjectKind::skb_dynptr:
  case StackObjectKind::xdp_dynptr:
    return "a dynptr to a packet";
  case StackObjectKind::iterator:
  case StackObjectKind::drained_iterator:
    return "an iterator";
  }
  return "";
}

} // namespace

Result<void> Checker::check_object_space(const State &state, unsigned reg, uint32_t size,
                                         const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.kind != Kind::stack || !value.number.is_constant())
    return refuse_as(value.kind == Kind::stack || size != kDynptrSize || is_kernel_function(proto.number)
                         ? Error::invalid
                         : Error::access_denied,
                     state, RejectionId::stack_object,
                     "r{}, where {} makes an object, is a {}: a fixed place in the stack is needed", reg,
                     proto.c_name, kind_name(value.kind));
  KBPF_TRY(check_memory(
      state, reg, 0, size,
      {.reads = false, .writes = true, .by_helper = true, .is_atomic = false, .makes_object = true}));
  if (!offsets(value, 0, size).is_aligned(8))
    return refuse(state, RejectionId::misaligned_access,
                  "r{}, where {} makes an object, is not aligned to 8 bytes", reg, proto.c_name);
  return {};
}

Result<void> Checker::check_object_argument(const State &state, unsigned reg, kbpf_arg_type arg,
                                            const HelperProto &proto) {
  const bool wants_iterator = arg == KBPF_ARG_ITERATOR || arg == KBPF_ARG_ITERATOR_RELEASE;
  const std::optional<StackObject> object = object_at(state, state.reg(reg));
  const Kind kind = state.reg(reg).kind;
  if (!object || object->is_dynptr() == wants_iterator ||
      (wants_iterator && (object->type & 0xff) != iterator_type(proto)))
    return refuse_as(kind == Kind::stack || kind == Kind::dynptr_argument || wants_iterator ||
                             is_kernel_function(proto.number)
                         ? Error::invalid
                         : Error::access_denied,
                     state, RejectionId::stack_object, "r{}, an argument of {}, does not point to {}", reg,
                     proto.c_name, wants_iterator ? "an iterator that was made" : "a dynptr that was made");
  if (wants_iterator && object->type & StackObject::kStale)
    return refuse(
        state, RejectionId::stack_object,
        "r{}, an argument of {}, is an iterator whose elements RCU protected until bpf_rcu_read_unlock", reg,
        proto.c_name);
  if (proto.ret == KBPF_RET_DYNPTR_DATA_OR_NULL)
    note_alignment(state, state.reg(2)); // the offset
  if (arg == KBPF_ARG_DYNPTR_RINGBUF_RELEASE && object->kind != StackObjectKind::ringbuf_dynptr)
    return refuse(state, RejectionId::reference_not_held,
                  "r{}, given to {}, points to {}, which holds no record", reg, proto.c_name,
                  article_name(*object));
  if (arg == KBPF_ARG_DYNPTR || arg == KBPF_ARG_DYNPTR_OR_NULL || arg == KBPF_ARG_ITERATOR)
    return {};
  const Reference *reference = state.held ? state.held->find(object->id) : nullptr;
  if (!reference)
    return refuse(state, RejectionId::reference_not_held,
                  "r{}, given to {}, points to {}, which holds no record", reg, proto.c_name,
                  article_name(*object));
  if (reference->frame != callback_frame(state))
    return refuse(state, RejectionId::reference_not_held,
                  "what r{}, given to {}, points to was made outside of the function that a helper calls",
                  reg, proto.c_name);
  return {};
}

Result<void> Checker::check_rcu(const State &state, const HelperProto &proto) {
  const bool is_locked = state.held && state.held->rcu;
  if (proto.number == kRcuReadLock && is_locked)
    return refuse(state, RejectionId::reference_not_held, "bpf_rcu_read_lock was called already");
  if (proto.number == kRcuReadUnlock && !is_locked)
    return refuse(state, RejectionId::reference_not_held, "bpf_rcu_read_unlock without bpf_rcu_read_lock");
  if (is_locked && proto.flags & KBPF_HELPER_SLEEPS)
    return refuse(state, RejectionId::helper_not_allowed, "{} may sleep, which the read lock forbids",
                  proto.c_name);
  if (proto.flags & KBPF_HELPER_RCU_PROTECTED && !in_read_section(analysis_, state))
    return refuse(state, RejectionId::helper_not_allowed,
                  "{} is for read sections: call bpf_rcu_read_lock first", proto.c_name);
  return {};
}

Result<void> Checker::check_preemption(const State &state, const HelperProto &proto) {
  const bool is_off = state.held && state.held->preempt_count;
  if (proto.number == kPreemptEnable && !is_off)
    return refuse(state, RejectionId::reference_not_held, "bpf_preempt_enable without bpf_preempt_disable");
  if (is_off && proto.flags & KBPF_HELPER_SLEEPS)
    return refuse(state, RejectionId::helper_not_allowed, "{} may sleep, and preemption is off",
                  proto.c_name);
  return {};
}

Result<void> Transformer::apply_object_argument(State &state, const HelperProto &proto, unsigned argument,
                                                const Value (&args)[5]) {
  const Value &value = args[argument];
  StackObject made = {StackObjectKind::local_dynptr, 0, 0, value.frame};
  switch (proto.args[argument]) {
  case KBPF_ARG_LIST_NODE:
  case KBPF_ARG_TREE_NODE:
    if (proto.number != kTreeRemove)
      lend(state, value);
    return {};
  case KBPF_ARG_RECORD:
    release_reference(state, value.owner);
    return {};
  case KBPF_ARG_DYNPTR_RINGBUF_RELEASE:
  case KBPF_ARG_ITERATOR_RELEASE:
    remove_object(state, *object_at(state, value));
    return {};
  case KBPF_ARG_DYNPTR_LOCAL_OUT:
    break;
  case KBPF_ARG_DYNPTR_RINGBUF_OUT:
    made.kind = StackObjectKind::ringbuf_dynptr;
    break;
  case KBPF_ARG_DYNPTR_SKB_OUT:
    made.kind = StackObjectKind::skb_dynptr;
    break;
  case KBPF_ARG_DYNPTR_XDP_OUT:
    made.kind = StackObjectKind::xdp_dynptr;
    break;
  case KBPF_ARG_DYNPTR_CLONE_OUT: {
    const StackObject original = dynptr_of(state, proto, args);
    made.kind = original.kind;
    if (original.has_to_be_released()) // whichever of them goes first takes the record with it
      made.id = original.id;
    break;
  }
  case KBPF_ARG_ITERATOR_OUT:
    made.kind = StackObjectKind::iterator;
    made.type = iterator_type(proto);
    if (proto.flags & KBPF_HELPER_RCU_PROTECTED)
      made.type |= StackObject::kRcu;
    break;
  case KBPF_ARG_ITERATOR: {
    StackObject object = *object_at(state, value);
    object.kind = StackObjectKind::drained_iterator;
    put_object(state, object);
    return {};
  }
  default:
    return {};
  }
  const bool is_clone_of_held = made.id != 0;
  if (!is_clone_of_held)
    made.id = analysis_.new_id();
  made.offset = static_cast<int64_t>(value.number.value());
  KBPF_TRY(initialise(state, value, made.size(), made.size()));
  forget_slices_of_buffer(state, made.frame, made.offset, made.offset + made.size());
  put_object(state, made);
  if (!made.has_to_be_released() || is_clone_of_held)
    return {};
  KBPF_TRY(acquire(state, made.id, made.is_dynptr() ? ReferenceKind::dynptr : ReferenceKind::iterator));
  if (!made.is_dynptr())
    state.held->begin_loop({Loop::Kind::iterator, 0, made.id, 0});
  return {};
}

Result<bool> Transformer::next_element(State &state) {
  const std::optional<StackObject> object = object_at(state, state.reg(1));
  if (object->kind == StackObjectKind::drained_iterator)
    return false;
  for (unsigned reg = 0; reg <= 5; reg++)
    state.reg(reg) = Value();
  Value &r0 = state.reg(0);
  const HelperProto &proto =
      *analysis_.program.profile->helper(static_cast<uint32_t>(analysis_.insn(state.insn).imm));
  if (const std::string_view structure = proto.structures[HelperProto::kResult]; !structure.empty()) {
    r0 = kernel_object(structure, object->type & StackObject::kRcu ? trust::kRcu : trust::kTrusted, false);
  } else {
    r0.kind = Kind::memory;
    r0.size = sizeof(uint32_t);
    r0.is_read_only = true;
    r0.owner = object->id;
    r0.number = Scalar::constant(0);
  }
  state.insn++;
  return true;
}

} // namespace kbpf
