// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls of helpers: may the program call it, and does each argument suit what the prototype asks for? The
// rules are Linux's; what the call does to the state is call_effects.cpp's.
#include "abi/attr.h"
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"
#include "core/verifier/stack_object.h"
#include <cstring>

namespace kbpf {
namespace {

constexpr uint64_t kLargestSize = 1u << 29; // bytes; no helper takes more, and no sum of offsets overflows
constexpr uint32_t kArrayOfMaps = 12, kHashOfMaps = 13;

// What a memory argument may be: with or without the null that some helpers take for "none".
bool takes_null(kbpf_arg_type arg) {
  return arg == KBPF_ARG_MEM_READ_OR_NULL || arg == KBPF_ARG_MEM_WRITE_OR_NULL ||
         arg == KBPF_ARG_MAP_VALUE_OR_NULL || arg == KBPF_ARG_CTX_OR_NULL || arg == KBPF_ARG_STACK_OR_NULL ||
         arg == KBPF_ARG_DYNPTR_OR_NULL;
}

// What the helpers take that take objects of the kernel; what is neither socket nor task can't be had.
ObjectClass object_argument(const HelperProto &proto) {
  switch (proto.number) {
  case 86:  // sk_release
  case 95:  // sk_fullsock
  case 96:  // tcp_sock
  case 98:  // get_listener_sock
  case 100: // tcp_check_syncookie
  case 110: // tcp_gen_syncookie
  case 124: // sk_assign
    return ObjectClass::socket;
  case 141: // get_task_stack
  case 156: // task_storage_get
  case 157: // task_storage_delete
  case 175: // task_pt_regs
  case 180: // find_vma
  case 191: // copy_from_user_task
    return ObjectClass::task;
  default:
    return ObjectClass::other;
  }
}

// Kernel functions are typed more narrowly than helpers. A loop has a number of rounds.
bool takes_numbers_only(const HelperProto &proto, unsigned reg) {
  if (proto.number == kLoop)
    return reg == 1;
  return is_kernel_function(proto.number);
}

// Programs that get a packet, if any, as an object of the kernel.
bool sees_no_packets(const RawProgram &program) {
  constexpr uint32_t kTracepoint = 5, kPerfEvent = 7;
  return is_traced_type(program) || program.type->number == kTracepoint || program.type->number == kPerfEvent;
}

} // namespace

Result<void> Checker::check_helper(const State &state) {
  uint32_t number = static_cast<uint32_t>(analysis_.insn(state.insn).imm);
  const RawProgram &program = analysis_.program;
  const HelperProto *helper = program.profile->helper(number);
  if (!helper)
    // libbpf's and bpftool's probes look for these words of Linux.
    return refuse(state, RejectionId::unknown_helper, "helper {} does not exist: invalid func unknown#{}",
                  number, number);
  if (helper->flags & KBPF_HELPER_UNFOLLOWED)
    return refuse(state, RejectionId::unsupported_reference, "{} is not followed here: {}", helper->c_name,
                  helper->text);
  if (program.type->number >= 64 || !(helper->prog_types >> program.type->number & 1))
    return refuse_as(is_kernel_function(number) ? Error::access_denied : Error::invalid, state,
                     RejectionId::helper_not_allowed,
                     "programs of type {} may not call {}: unknown func {}#{}", program.type->name,
                     helper->c_name, helper->c_name, number);
  if (helper->flags & KBPF_HELPER_GPL_ONLY && !program.gpl_compatible)
    return refuse(state, RejectionId::gpl_only_helper, "{} needs a GPL-compatible licence", helper->c_name);
  if (helper->flags & KBPF_HELPER_SLEEPS && !sleeps(analysis_, state))
    return refuse(state, RejectionId::helper_not_allowed, "{} may sleep, and the program may not",
                  helper->c_name);
  KBPF_TRY(check_attachment(state, *helper));
  KBPF_TRY(check_rcu(state, *helper));
  KBPF_TRY(check_preemption(state, *helper));
  if (number == kReadOnlyCast)
    KBPF_TRY(check_cast(state, *helper));
  const bool is_for_graphs = number >= kFirstOfGraphs && number <= kLastOfGraphs;
  if (number != kSpinUnlock && !is_for_graphs)
    KBPF_TRY(check_unlocked(state, "a call of a helper"));
  if (analysis_.insn(state.insn).is_tail_call() && program.profile->tail_calls)
    KBPF_TRY(check_tail_call(state));
  const HelperCall call = resolve_call(analysis_, state, *helper);
  for (unsigned reg = 1; reg <= 5; reg++)
    if (helper->args[reg - 1] != KBPF_ARG_NONE)
      KBPF_TRY(check_argument(state, reg, call));
  return {};
}

// A tail call does not come back, so nothing may be left to do.
Result<void> Checker::check_tail_call(const State &state) {
  if (callback_frame(state) != 0)
    return refuse(state, RejectionId::tail_call, "a tail call from a function that a helper has called");
  return check_nothing_is_held(state, "a tail call");
}

Result<void> Checker::check_packet_load(const State &state) {
  constexpr uint64_t kTypes = 1u << 1 | 1u << 3 | 1u << 4; // socket_filter, sched_cls, sched_act
  const uint32_t type = analysis_.program.type->number;
  if (type >= 64 || !(kTypes >> type & 1))
    return refuse(state, RejectionId::packet_load, "programs of type {} have no packet loads",
                  analysis_.program.type->name);
  const Value &context = state.reg(6);
  if (context.kind != Kind::context || !context.number.is_constant(0))
    return refuse(state, RejectionId::packet_load, "r6 is a {}: packet loads need the context in it",
                  kind_name(context.kind));
  for (uint32_t f = 0; f < state.frame_count; f++)
    if (state.frames[f]->is_callback)
      return refuse(state, RejectionId::packet_load, "a packet load in a function that a helper has called");
  return state.frame_count == 1 ? check_nothing_is_held(state, "a packet load may end the program")
                                : check_no_section(state, "a packet load may end the function");
}

Result<void> Checker::check_argument(const State &state, unsigned reg, const HelperCall &call) {
  const Value &value = state.reg(reg);
  const HelperProto &proto = *call.proto;
  const kbpf_arg_type arg = proto.args[reg - 1];
  if (arg == KBPF_ARG_OPTIONAL)
    return {};
  const Error no_number = is_kernel_function(proto.number) ? Error::invalid : Error::access_denied;
  if (arg == KBPF_ARG_ANY_SCALAR && value.is_pointer() && takes_numbers_only(proto, reg))
    return refuse_as(no_number, state, RejectionId::helper_argument,
                     "r{}, an argument of {}, is a {}: a number is needed", reg, proto.c_name,
                     kind_name(value.kind));
  if (value.kind == Kind::uninitialised)
    return refuse_as(arg == KBPF_ARG_ANY_SCALAR ? no_number : Error::access_denied, state,
                     RejectionId::uninitialised_register, "r{}, an argument of {}, holds nothing", reg,
                     proto.c_name);
  // What a function that is called back may rely on is not followed: all of it counts.
  if (arg != KBPF_ARG_ANY_SCALAR || calls_back(analysis_.insn(state.insn), *analysis_.program.profile))
    rely_on(state, value);
  if (takes_null(arg) && value.is_null() && arg != KBPF_ARG_MEM_READ_OR_NULL &&
      arg != KBPF_ARG_MEM_WRITE_OR_NULL)
    return {};
  constexpr MemoryUse kRead = {.reads = true, .writes = false, .by_helper = true, .is_atomic = false};
  constexpr MemoryUse kFill = {.reads = false, .writes = true, .by_helper = true, .is_atomic = false};
  constexpr MemoryUse kChange = {.reads = true, .writes = true, .by_helper = true, .is_atomic = false};
  switch (arg) {
  case KBPF_ARG_NONE:
  case KBPF_ARG_OPTIONAL:
  case KBPF_ARG_ANY_SCALAR:
    return {};
  case KBPF_ARG_CTX:
  case KBPF_ARG_CTX_OR_NULL:
    if (sees_no_packets(analysis_.program) && is_object_argument(proto, reg)) // there it is an object
      return check_btf_argument(state, reg, proto);
    return check_context_argument(state, reg, proto);
  case KBPF_ARG_MAP:
  case KBPF_ARG_MAP_FD:
    return check_map_argument(state, reg, call);
  case KBPF_ARG_MAP_KEY:
  case KBPF_ARG_MAP_VALUE:
  case KBPF_ARG_MAP_VALUE_OR_NULL:
  case KBPF_ARG_MAP_VALUE_OUT:
    return check_map_memory(state, reg, arg, call);
  case KBPF_ARG_MEM_READ:
  case KBPF_ARG_MEM_READ_OR_NULL:
  case KBPF_ARG_MEM_WRITE:
  case KBPF_ARG_MEM_WRITE_OR_NULL:
  case KBPF_ARG_MEM_READ_WRITE:
    return check_sized_memory(state, reg, arg, reg < 5 ? proto.args[reg] : KBPF_ARG_NONE, proto);
  case KBPF_ARG_SIZE:
  case KBPF_ARG_SIZE_OR_ZERO: // decided together with the memory before it
  case KBPF_ARG_CONSTANT_SIZE:
    return {};
  case KBPF_ARG_KPTR:
    return check_kptr_field(state, reg, proto);
  case KBPF_ARG_KPTR_VALUE:
    return check_kptr_value(state, reg, proto);
  case KBPF_ARG_CONSTANT:
    return check_constant(state, reg, proto);
  case KBPF_ARG_BUFFER_OR_NULL:
    return check_slice_buffer(state, reg, proto);
  case KBPF_ARG_BYTES_4_IN_OUT:
    return check_fixed_memory(state, reg, 4, false, kChange, proto);
  case KBPF_ARG_ALLOC_SIZE:
    return check_constant_size(state, reg, proto);
  case KBPF_ARG_U32_IN_OUT:
    return check_fixed_memory(state, reg, 4, true, kChange, proto);
  case KBPF_ARG_U64_OUT:
    return check_fixed_memory(state, reg, 8, true, kFill, proto);
  case KBPF_ARG_BYTES_20:
    return check_fixed_memory(state, reg, 20, false, kRead, proto);
  case KBPF_ARG_BYTES_40:
    return check_fixed_memory(state, reg, 40, false, kRead, proto);
  case KBPF_ARG_CONST_STR:
    return check_constant_string(state, reg, proto);
  case KBPF_ARG_RECORD:
    return check_record_argument(state, reg, proto);
  case KBPF_ARG_FUNC:
    return check_function_argument(state, reg, proto);
  case KBPF_ARG_STACK_OR_NULL:
    return check_callback_context(state, reg, proto);
  case KBPF_ARG_SPIN_LOCK:
  case KBPF_ARG_TIMER:
    return check_field_argument(state, reg, arg, proto);
  case KBPF_ARG_DYNPTR_LOCAL_OUT: // to the memory of argument 1
    if (state.reg(1).kind != Kind::map_value)
      return refuse(state, RejectionId::helper_argument,
                    "r1, what {} makes a dynptr to, is a {}, no map value", proto.c_name,
                    kind_name(state.reg(1).kind));
    note_alignment(state, state.reg(1));
    return check_object_space(state, reg, kDynptrSize, proto);
  case KBPF_ARG_DYNPTR_RINGBUF_OUT:
  case KBPF_ARG_DYNPTR_SKB_OUT:
  case KBPF_ARG_DYNPTR_XDP_OUT:
  case KBPF_ARG_DYNPTR_CLONE_OUT:
    return check_object_space(state, reg, kDynptrSize, proto);
  case KBPF_ARG_ITERATOR_OUT:
    return check_object_space(state, reg, kIteratorTypes[iterator_type(proto)].size, proto);
  case KBPF_ARG_DYNPTR:
  case KBPF_ARG_DYNPTR_OR_NULL:
  case KBPF_ARG_DYNPTR_RINGBUF_RELEASE:
  case KBPF_ARG_ITERATOR:
  case KBPF_ARG_ITERATOR_RELEASE:
    return check_object_argument(state, reg, arg, proto);
  case KBPF_ARG_WORK:
    return check_work(state, reg, proto);
  case KBPF_ARG_LOCAL_TYPE:
    return check_local_type(state, reg, proto);
  case KBPF_ARG_ALLOCATED:
    return check_returned_object(state, reg, proto);
  case KBPF_ARG_COUNTED:
    return check_counted(state, reg, proto);
  case KBPF_ARG_LIST_HEAD:
    return check_root(state, reg, RecordField::Kind::list_head, proto);
  case KBPF_ARG_TREE_ROOT:
    return check_root(state, reg, RecordField::Kind::tree_root, proto);
  case KBPF_ARG_LIST_NODE:
    return check_node(state, reg, RecordField::Kind::list_node, proto);
  case KBPF_ARG_TREE_NODE:
    return check_node(state, reg, RecordField::Kind::tree_node, proto);
  case KBPF_ARG_OBJECT:
  case KBPF_ARG_OBJECT_OR_NULL:
    return check_object(state, reg, proto);
  }
  return {};
}

Result<void> Checker::check_object(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.kind == Kind::btf_object || value.kind == Kind::btf_object_or_null ||
      is_taken_for_pointer(value) || takes_map_as_object(value, proto, reg) ||
      (value.is_null() && takes_null_object(proto, reg)))
    return check_btf_argument(state, reg, proto);
  if (value.kind == Kind::object_or_null || value.kind == Kind::allocated_or_null)
    return refuse(state, RejectionId::possibly_null, "r{}, an argument of {}, may be null", reg,
                  proto.c_name);
  if (value.kind == Kind::allocated && (proto.number == kPerCpuPtr || proto.number == kThisCpuPtr))
    return check_per_cpu_object(state, reg, proto);
  if (value.kind == Kind::object && value.object_class != ObjectClass::other &&
      (value.object_class == object_argument(proto) ||
       (is_socket(value.object_class) && is_socket(object_argument(proto)))))
    return check_socket_argument(state, reg, proto);
  return refuse_as(is_kernel_function(proto.number) ? Error::invalid : Error::access_denied, state,
                   RejectionId::helper_argument,
                   "r{}, an argument of {}, is a {}: an object of the kernel is needed", reg, proto.c_name,
                   kind_name(value.kind));
}

// What some kernel functions ask beside the type of the program.
Result<void> Checker::check_attachment(const State &state, const HelperProto &proto) {
  constexpr uint32_t kTraceIter = 28, kKprobeSession = 56, kUprobeSession = 57, kLsm = 29;
  const RawProgram &program = analysis_.program;
  const uint32_t attached = program.expected_attach_type;
  const bool is_iterator = is_traced_type(program) && attached == kTraceIter;
  const char *wanted = nullptr;
  if (proto.number >= kFirstSessionFunction && proto.number <= kLastSessionFunction) {
    if (attached != kKprobeSession && attached != kUprobeSession)
      wanted = "programs of sessions (kprobe.session)";
  } else if (proto.number == kSocketDestroy) {
    if (!is_iterator)
      wanted = "iterators";
  } else if (proto.number == kCssTaskNew) {
    if (!is_iterator && program.type->number != kLsm && !program.sleepable)
      wanted = "lsm programs, iterators and programs that may sleep";
  }
  return wanted ? Result<void>(
                      refuse(state, RejectionId::helper_not_allowed, "{} is for {}", proto.c_name, wanted))
                : Result<void>();
}

Result<void> Checker::check_context_argument(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.kind != Kind::context)
    return refuse(state, RejectionId::helper_argument, "r{}, the context argument of {}, is a {}", reg,
                  proto.c_name, kind_name(value.kind));
  if (!value.number.is_constant(0))
    return refuse(state, RejectionId::helper_argument,
                  "r{}, the context argument of {}, does not point to the context's start", reg,
                  proto.c_name);
  return {};
}

Result<void> Checker::check_map_argument(const State &state, unsigned reg, const HelperCall &call) {
  const Value &value = state.reg(reg);
  const HelperProto &proto = *call.proto;
  if (!call.map) {
    if (value.is_scalar() && value.number.is_constant())
      return refuse(state, RejectionId::helper_argument,
                    "r{}, the map argument of {}, is {}, which names no map", reg, proto.c_name,
                    static_cast<int64_t>(value.number.value()));
    return refuse(state, value.may_be_null() ? RejectionId::possibly_null : RejectionId::helper_argument,
                  "r{}, the map argument of {}, is a {}", reg, proto.c_name, kind_name(value.kind));
  }
  const MapRef &map = *call.map;
  const MapTypeInfo *type = analysis_.program.profile->map_type(map.type);
  if (!type || (proto.map_use && !(type->uses & proto.map_use)))
    return refuse(state, RejectionId::map_type, "{} does not work on map {}, which is a {}", proto.c_name,
                  call.index, type ? type->name : "map of unknown type");
  constexpr uint32_t kChangingUses = KBPF_MAP_USE_MODIFY | KBPF_MAP_USE_PUSH | KBPF_MAP_USE_POP;
  if (proto.map_use & kChangingUses && map.map_flags & KBPF_MAP_F_RDONLY_PROG)
    return refuse(state, RejectionId::map_access_forbidden, "{} on map {}, which programs may only read",
                  proto.c_name, call.index);
  if (is_socket_map(map.type) && proto.map_use == KBPF_MAP_USE_MODIFY &&
      !changes_socket_maps(analysis_.program.type->number, analysis_.program.expected_attach_type,
                           proto.number == kMapDelete))
    return refuse(state, RejectionId::map_type, "programs of type {} may not change map {}, which is a {}",
                  analysis_.program.type->name, call.index, type->name);
  if ((map.type == kArrayOfMaps || map.type == kHashOfMaps) && !map.inner)
    return refuse(state, RejectionId::map_type, "of the maps in map {} nothing is known", call.index);
  return {};
}

// check_map_argument accepted the map, where it came before.
Result<void> Checker::check_map_memory(const State &state, unsigned reg, kbpf_arg_type arg,
                                       const HelperCall &call) {
  const HelperProto &proto = *call.proto;
  if (!call.map)
    return refuse(state, RejectionId::helper_argument, "{} has no map for its argument r{}", proto.c_name,
                  reg);
  if (const Value &value = state.reg(reg); arg == KBPF_ARG_MAP_VALUE && is_socket_map(call.map->type)) {
    if (value.kind == Kind::object && is_socket(value.object_class))
      return {};
    return refuse(
        state, value.kind == Kind::object_or_null ? RejectionId::possibly_null : RejectionId::helper_argument,
        "r{}, what {} puts into a map of sockets, is a {}", reg, proto.c_name, kind_name(value.kind));
  }
  KBPF_TRY(check_may_lie_in_packet(state, reg, proto));
  KBPF_TRY(check_object_memory(state, reg, false, proto));
  if (const Value &value = state.reg(reg); value.kind == Kind::memory && (value.is_read_only || value.slice))
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, points to {}: copy it to the stack first", reg, proto.c_name,
                  value.slice ? "a slice of a dynptr" : "memory that may only be read");
  const bool fills = fills_value(arg, *call.map);
  return check_memory(state, reg, 0, arg == KBPF_ARG_MAP_KEY ? call.map->key_size : call.map->value_size,
                      {.reads = !fills, .writes = fills, .by_helper = true, .is_atomic = false});
}

// Helpers that know nothing of packets may change where they are.
Result<void> Checker::check_may_lie_in_packet(const State &state, unsigned reg, const HelperProto &proto) {
  if (!state.reg(reg).is_in_packet() || proto.flags & KBPF_HELPER_TAKES_PACKET)
    return {};
  return refuse(state, RejectionId::helper_argument,
                "r{} points into the packet, which {} does not take: copy what is needed to the stack", reg,
                proto.c_name);
}

Result<void> Checker::check_sized_memory(const State &state, unsigned reg, kbpf_arg_type arg,
                                         kbpf_arg_type size_arg, const HelperProto &proto) {
  const Value &memory = state.reg(reg);
  const Value &size = state.reg(reg + 1);
  if (!size.is_scalar())
    return refuse(state,
                  size.kind == Kind::uninitialised ? RejectionId::uninitialised_register
                                                   : RejectionId::memory_size,
                  "r{}, a size, is {}", reg + 1, kind_name(size.kind));
  const Range64 &range = size.number.r64;
  if (range == Range64())
    return refuse(state, RejectionId::memory_size,
                  "r{}, a size, may be any number: compare it with the size of the memory first", reg + 1);
  if (range.smin < 0 && range.umax > kLargestSize)
    return refuse(state, RejectionId::memory_size,
                  "r{}, a size, may be negative: {} to {}; check its lower bound, or make it unsigned",
                  reg + 1, range.smin, range.smax);
  if (range.umax > kLargestSize)
    return refuse(state, RejectionId::memory_size,
                  "r{}, a size, may be {} to {}; its upper bound is too large", reg + 1, range.umin,
                  range.umax);
  const bool zero_allowed = size_arg == KBPF_ARG_SIZE_OR_ZERO;
  if (range.umin == 0 && !zero_allowed)
    return refuse(state, RejectionId::memory_size, "r{}, a size, may be 0", reg + 1);
  const bool nothing_is_touched = range.umax == 0;
  if (takes_null(arg) && (memory.is_null() || memory.may_be_null()) && nothing_is_touched)
    return {};
  if (takes_null(arg) && memory.is_null())
    return refuse(state, RejectionId::memory_size, "r{} is null, but r{}, its size, may be {}", reg, reg + 1,
                  range.umax);
  KBPF_TRY(check_may_lie_in_packet(state, reg, proto));
  KBPF_TRY(
      check_object_memory(state, reg, arg == KBPF_ARG_MEM_READ || arg == KBPF_ARG_MEM_READ_OR_NULL, proto));
  // What a helper fills need not have been written before.
  const bool writes = arg == KBPF_ARG_MEM_WRITE || arg == KBPF_ARG_MEM_WRITE_OR_NULL;
  const bool changes = arg == KBPF_ARG_MEM_READ_WRITE;
  return check_memory(state, reg, 0, range.umax,
                      {.reads = !writes, .writes = writes || changes, .by_helper = true, .is_atomic = false});
}

Result<void> Checker::check_fixed_memory(const State &state, unsigned reg, uint64_t size, bool aligned,
                                         const MemoryUse &use, const HelperProto &proto) {
  KBPF_TRY(check_may_lie_in_packet(state, reg, proto));
  KBPF_TRY(check_object_memory(state, reg, false, proto));
  KBPF_TRY(check_memory(state, reg, 0, size, use));
  if (aligned && !offsets(state.reg(reg), 0, size).is_aligned(size))
    return refuse(state, RejectionId::misaligned_access, "r{}, an argument of {}, is not aligned to {} bytes",
                  reg, proto.c_name, size);
  return {};
}

Result<void> Checker::check_constant_size(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &size = state.reg(reg);
  if (!size.is_scalar() || !size.number.is_constant())
    return refuse(state, RejectionId::memory_size, "r{}, a size that {} gives memory of, is no constant", reg,
                  proto.c_name);
  if (size.number.value() > kLargestSize)
    return refuse(state, RejectionId::memory_size, "r{}, a size, is {}; no more than {} can be had", reg,
                  size.number.value(), kLargestSize);
  return {};
}

// The string has to be known now: the helper trusts it.
Result<void> Checker::check_constant_string(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.kind != Kind::map_value)
    return refuse(state, RejectionId::helper_argument,
                  "r{}, a string argument of {}, is a {}: it has to point to read-only data", reg,
                  proto.c_name, kind_name(value.kind));
  std::span<const std::byte> contents = analysis_.map(value).constants;
  if (contents.empty())
    return refuse(state, RejectionId::helper_argument,
                  "r{}, a string argument of {}, lies in a map that is not read-only for ever", reg,
                  proto.c_name);
  OffsetRange at = offsets(value, 0, 1);
  if (!at.is_exact(1))
    return refuse(state, RejectionId::helper_argument,
                  "r{}, a string argument of {}, is not at a fixed place", reg, proto.c_name);
  if (at.first < 0 || static_cast<uint64_t>(at.first) >= contents.size() ||
      !memchr(contents.data() + at.first, 0, contents.size() - static_cast<uint64_t>(at.first)))
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "the string at r{}, an argument of {}, has no terminating zero within its map", reg,
                     proto.c_name);
  return {};
}

} // namespace kbpf
