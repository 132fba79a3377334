// SPDX-License-Identifier: MIT OR Apache-2.0
// What a call of a helper does to the state: memory that it fills, what it takes back or invalidates, and
// what it returns.
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"
#include "core/verifier/stack_object.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

constexpr uint32_t kArrayOfMaps = 12, kHashOfMaps = 13;
constexpr uint32_t kGetCurrentTaskBtf = 158, kTcpSock = 96, kSkcLookupTcp = 99;
constexpr int64_t kLowestError = -4095;
constexpr uint32_t kFirstSocketCast = 136, kLastSocketCast = 140, kCastToUnixSocket = 178; // skc_to_*

constexpr uint64_t kMostProcessors = 8192; // no kernel that hosts the runtime has more

Value below(uint64_t end) {
  Value value = Value::unknown();
  value.number.r64 = Range64::of_unsigned(0, end - 1);
  return value.number.normalise() ? value : Value::unknown();
}

// -4095 to most.
Value sized_integer(uint64_t most) {
  Value value = Value::unknown();
  value.number.r64.smin = kLowestError;
  value.number.r64.smax = static_cast<int64_t>(most);
  value.number.r32.smin = kLowestError;
  value.number.r32.smax = static_cast<int32_t>(most);
  return value.number.normalise() ? value : Value::unknown();
}

} // namespace

// What RCU protected may be gone, or null: as in Linux, a load through it reads zero then.
static void end_read_section(State &state) {
  forget_addresses(state, [](const Value &value) {
    return (value.kind == Kind::allocated || value.kind == Kind::allocated_or_null) &&
           value.trust & trust::kRcu;
  });
  for_each_value(state, [](Value &value) {
    if (value.kind == Kind::iterator && value.object_type & StackObject::kRcu)
      value.object_type |= StackObject::kStale;
    if ((value.kind != Kind::btf_object && value.kind != Kind::btf_object_or_null) ||
        !(value.trust & trust::kRcu))
      return;
    value.kind = Kind::btf_object;
    value.id = 0;
    value.trust = static_cast<uint16_t>((value.trust & ~trust::kRcu) | trust::kUntrusted);
  });
}

// What lists and trees own may be gone.
static void end_lock(State &state) {
  forget_addresses(state, [](const Value &value) {
    return (value.kind == Kind::allocated || value.kind == Kind::allocated_or_null) &&
           value.trust & trust::kLent;
  });
}

void forget_packets(State &state) {
  forget_addresses(state, [](const Value &value) {
    const bool is_memory = value.kind == Kind::memory || value.kind == Kind::memory_or_null;
    return value.is_in_packet() || value.kind == Kind::packet_end ||
           (is_memory && value.slice == Value::kMovingSlice);
  });
}

Result<void> Transformer::initialise(State &state, const Value &base, uint64_t least, uint64_t most) {
  if (base.kind == Kind::memory)
    write_to_buffer(state, base);
  if (base.kind != Kind::stack || most == 0)
    return {};
  Frame &frame = *state.frames[base.frame];
  const OffsetRange touched = offsets(base, 0, most), filled = offsets(base, 0, least);
  remove_objects(state, base.frame, touched.first, touched.end);
  overwrite_stack(frame, touched.first, touched.end, Overwritten::perhaps);
  if (least == 0 || !filled.is_exact(least)) // at a place that varies, no byte is sure to be filled
    return {};
  if (!pool_.reserve_slots(frame, slot_of(filled.first) + 1))
    return Error::no_memory;
  overwrite_stack(frame, filled.first, filled.end, Overwritten::all);
  for (int64_t offset = filled.first; offset + 8 <= filled.end; offset++)
    if (offset % 8 == 0)
      frame.written |= uint64_t{1} << slot_of(offset);
  return {};
}

Result<void> Transformer::fill_arguments(State &state, const HelperCall &call) {
  for (unsigned i = 0; i < 5; i++) {
    const Value &value = state.reg(i + 1);
    switch (call.proto->args[i]) {
    case KBPF_ARG_MEM_WRITE:
    case KBPF_ARG_MEM_WRITE_OR_NULL:
    case KBPF_ARG_MEM_READ_WRITE: {
      const Scalar &size = state.reg(i + 2).number;
      KBPF_TRY(initialise(state, value, size.r64.umin, size.r64.umax));
      break;
    }
    case KBPF_ARG_BUFFER_OR_NULL: {
      const uint64_t size = state.reg(i + 2).number.value();
      KBPF_TRY(initialise(state, value, size, size));
      break;
    }
    case KBPF_ARG_BYTES_4_IN_OUT:
    case KBPF_ARG_U32_IN_OUT:
      KBPF_TRY(initialise(state, value, 4, 4));
      break;
    case KBPF_ARG_U64_OUT:
      KBPF_TRY(initialise(state, value, 8, 8));
      break;
    case KBPF_ARG_MAP_VALUE_OUT:
      if (call.map && fills_value(KBPF_ARG_MAP_VALUE_OUT, *call.map))
        KBPF_TRY(initialise(state, value, call.map->value_size, call.map->value_size));
      break;
    case KBPF_ARG_OPTIONAL:
      if (value.kind == Kind::uninitialised)
        analysis_.zeroed_args[state.insn] |= static_cast<uint8_t>(1u << (i + 1));
      break;
    default:
      break;
    }
  }
  return {};
}

Result<void> Transformer::acquire(State &state, uint32_t id, ReferenceKind kind) {
  Held *held = pool_.hold(state);
  if (!held)
    return Error::no_memory;
  if (!held->add({id, state.insn, callback_frame(state), kind}))
    return reject(analysis_.rejection, RejectionId::unreleased_reference, state.insn,
                  "{} things are held at a time; no more can be", Held::kMostReferences);
  return {};
}

// Most helpers: all that they do to the state is to fill memory and to give a result.
static bool is_plain(const HelperProto &proto) {
  constexpr kbpf_arg_type kLast = KBPF_ARG_CONST_STR; // of numbers, of maps, and of mere memory
  bool takes_others = proto.number >= kFirstKernelFunction ||
                      proto.flags & (KBPF_HELPER_RELEASES | KBPF_HELPER_CHANGES_PACKET);
  for (const kbpf_arg_type arg : proto.args)
    takes_others |= arg > kLast;
  return !takes_others;
}

// The usual one, by a map and a key, wherever the program is.
static bool is_lookup(const HelperProto &proto) {
  return proto.number == kMapLookup && proto.ret == KBPF_RET_MAP_VALUE_OR_NULL &&
         !(proto.flags & KBPF_HELPER_SLEEPS) && proto.args[0] == KBPF_ARG_MAP &&
         proto.args[1] == KBPF_ARG_MAP_KEY && proto.args[2] == KBPF_ARG_NONE;
}

// Whether what a lookup finds, by a key of some bytes, is a value, no object of the kernel's.
static bool gives_values(const MapRef &map) {
  return map.key_size != 0 && !is_socket_map(map.type) && map.type != kXskmap && map.type != kArrayOfMaps &&
         map.type != kHashOfMaps;
}

void Transformer::look_up(State &state) {
  Value *const regs = state.frame().regs;
  const uint16_t index = regs[1].map;
  const MapRef &map = analysis_.program.maps[index];
  analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(state.insn)].calls_helper = true;
  analysis_.calls[state.insn].meet_map(index, false);
  if (has_every_element(map))
    note_constant_key(state, {.proto = nullptr, .map = &map, .index = index});
  else
    analysis_.calls[state.insn].meet_key(std::nullopt);
  for (uint32_t f = 0; f < state.frame_count; f++)
    state.frames[f]->forget_last_constant();
  for (unsigned reg = 1; reg <= 5; reg++)
    regs[reg].kind = Kind::uninitialised;
  regs[0] = Value();
  regs[0].kind = Kind::map_value_or_null;
  regs[0].map = index;
  regs[0].id = analysis_.new_id();
  regs[0].number = Scalar::constant(0);
}

Result<void> Transformer::call_helper(State &state, const Insn &insn) {
  const HelperProto &proto = *analysis_.program.profile->helper(static_cast<uint32_t>(insn.imm));
  HelperCall call = resolve_call(analysis_, state, proto);
  if (call.map && proto.args[0] == KBPF_ARG_MAP)
    analysis_.calls[state.insn].meet_map(call.index, call.is_inner);
  note_ring_flags(state, proto);
  if (proto.number == kMapLookup && proto.args[0] == KBPF_ARG_MAP)
    note_constant_key(state, call);
  KBPF_TRY(fill_arguments(state, call));
  for (uint32_t f = 0; f < state.frame_count; f++)
    state.frames[f]->forget_last_constant();
  Value *const regs = state.frame().regs;
  regs[0] = Value();
  if (is_plain(proto)) {
    if (is_lookup(proto) && call.map && !call.is_inner && gives_values(*call.map))
      analysis_.plain_maps |= Analysis::map_bit(call.index);
    KBPF_TRY(set_result(state, call, *reinterpret_cast<const Value(*)[5]>(&regs[1])));
    for (unsigned reg = 1; reg <= 5; reg++)
      regs[reg].kind = Kind::uninitialised;
    return {};
  }
  Value args[5];
  for (unsigned i = 0; i < 5; i++)
    args[i] = regs[i + 1];
  for (unsigned reg = 1; reg <= 5; reg++)
    regs[reg] = Value();
  for (unsigned i = 0; i < 5; i++)
    KBPF_TRY(apply_object_argument(state, proto, i, args));
  if (proto.flags & KBPF_HELPER_RELEASES)
    release_reference(state, args[0].owner);
  if (proto.flags & KBPF_HELPER_CHANGES_PACKET ||
      (proto.number == kDynptrWrite && dynptr_of(state, proto, args).kind == StackObjectKind::skb_dynptr))
    forget_packets(state);
  if (proto.number == kPreemptDisable || proto.number == kPreemptEnable) {
    Held *held = pool_.hold(state);
    if (!held)
      return Error::no_memory;
    held->preempt_count += proto.number == kPreemptDisable ? 1 : ~uint32_t{0};
    held->preempt_insn = state.insn;
  }
  if (proto.number == kRcuReadLock || proto.number == kRcuReadUnlock) {
    Held *held = pool_.hold(state);
    if (!held)
      return Error::no_memory;
    held->rcu = proto.number == kRcuReadLock;
    if (!held->rcu)
      end_read_section(state);
  }
  if (proto.number == kSpinLock || proto.number == kSpinUnlock) {
    Held *held = pool_.hold(state);
    if (!held)
      return Error::no_memory;
    if (args[0].kind == Kind::allocated)
      held->lock = {proto.number == kSpinLock, false, kObjectLock, args[0].owner, state.insn};
    else
      held->lock = {proto.number == kSpinLock, args[0].is_inner, args[0].map, args[0].id, state.insn};
    if (!held->lock.is_held)
      end_lock(state);
    if (!in_read_section(analysis_, state))
      end_read_section(state);
  }
  return set_result(state, call, args);
}

// Flags that a path relies on, as it does on a key.
void Transformer::note_ring_flags(const State &state, const HelperProto &proto) {
  if (proto.number != kRingReserve && proto.number != kRingSubmit)
    return;
  const Value &flags = state.reg(proto.number == kRingReserve ? 3 : 2);
  const bool is_short = flags.is_scalar() && flags.number.is_constant() && flags.number.value() <= UINT32_MAX;
  if (analysis_.calls[state.insn].meet_key(
          is_short ? std::optional(static_cast<uint32_t>(flags.number.value())) : std::nullopt))
    rely_on(state, flags);
}

// Notes a lookup of an element that is there, the same one on every path until now, for fix-up. The path then
// relies on the key; once there were two, none does, so that a call costs one more walk at most. The result
// may be null all the same: Linux wants the test (until 6.14).
void Transformer::note_constant_key(const State &state, const HelperCall &call) {
  std::optional<Value> key;
  if (has_every_element(*call.map) && !call.is_inner)
    key = known_u32(state, state.reg(2));
  const uint64_t number = key ? key->number.value() : UINT64_MAX;
  const bool exists = number < call.map->max_entries;
  if (!analysis_.calls[state.insn].meet_key(exists ? std::optional(static_cast<uint32_t>(number))
                                                   : std::nullopt))
    return;
  rely_on(state, *key);
  const Value &address = state.reg(2);
  const int64_t at = static_cast<int64_t>(address.number.value());
  const Frame &frame = *state.frames[address.frame];
  if (frame.last_constant_at != at && byte_at(frame, at) == ByteKind::zero)
    rely_on_zeroes(state, address.frame, uint64_t{1} << slot_of(at));
}

Result<void> Transformer::set_result(State &state, const HelperCall &call, const Value (&args)[5]) {
  const HelperProto &proto = *call.proto;
  const auto size_argument = [&](kbpf_arg_type one, kbpf_arg_type other) -> const Value * {
    for (unsigned i = 0; i < 5; i++)
      if (proto.args[i] == one || proto.args[i] == other)
        return &args[i];
    return nullptr;
  };
  Value &r0 = state.reg(0);
  switch (proto.ret) {
  case KBPF_RET_VOID:
    break;
  case KBPF_RET_INTEGER:
    r0 = proto.number == kGetSmpProcessorId ? below(kMostProcessors) : Value::unknown();
    break;
  case KBPF_RET_SIZED_INTEGER: {
    const Value *size = size_argument(KBPF_ARG_SIZE, KBPF_ARG_SIZE_OR_ZERO);
    r0 = size ? sized_integer(size->number.r64.umax) : Value::unknown();
    break;
  }
  case KBPF_RET_MAP_VALUE:
  case KBPF_RET_MAP_VALUE_OR_NULL: {
    if (is_socket_map(call.map->type) || call.map->type == kXskmap) {
      r0.kind = Kind::object_or_null;
      r0.object_class = is_socket_map(call.map->type) ? ObjectClass::socket : ObjectClass::xdp_socket;
      r0.id = analysis_.new_id();
      r0.number = Scalar::constant(0);
      if (!is_socket_map(call.map->type))
        break;
      r0.owner = r0.id;
      return acquire(state, r0.owner, ReferenceKind::object);
    }
    const bool gives_map = call.map->type == kArrayOfMaps || call.map->type == kHashOfMaps;
    r0.kind = gives_map                         ? Kind::map_or_null
              : proto.ret == KBPF_RET_MAP_VALUE ? Kind::map_value
                                                : Kind::map_value_or_null;
    r0.map = call.index;
    r0.is_inner = call.is_inner || gives_map;
    r0.id = r0.kind == Kind::map_value ? 0 : analysis_.new_id();
    r0.number = Scalar::constant(0);
    break;
  }
  case KBPF_RET_RECORD_OR_NULL: {
    r0.kind = Kind::memory_or_null;
    r0.size = static_cast<uint32_t>(size_argument(KBPF_ARG_ALLOC_SIZE, KBPF_ARG_ALLOC_SIZE)->number.value());
    r0.id = r0.owner = analysis_.new_id();
    r0.number = Scalar::constant(0);
    return acquire(state, r0.owner, ReferenceKind::record);
  }
  case KBPF_RET_DYNPTR_DATA_OR_NULL: {
    const std::optional<StackObject> object =
        object_at(state, *size_argument(KBPF_ARG_DYNPTR, KBPF_ARG_DYNPTR));
    r0.kind = Kind::memory_or_null;
    r0.size = static_cast<uint32_t>(size_argument(KBPF_ARG_ALLOC_SIZE, KBPF_ARG_ALLOC_SIZE)->number.value());
    r0.id = analysis_.new_id();
    r0.owner = object->id;
    r0.number = Scalar::constant(0);
    break;
  }
  case KBPF_RET_SLICE_OR_NULL:
  case KBPF_RET_WRITABLE_SLICE_OR_NULL:
    set_slice(state, proto, args);
    break;
  case KBPF_RET_U64:
    r0.kind = Kind::memory;
    r0.size = sizeof(uint64_t);
    r0.number = Scalar::constant(0);
    break;
  case KBPF_RET_ALLOCATED_OR_NULL:
  case KBPF_RET_COUNTED_OR_NULL:
  case KBPF_RET_NODE_OR_NULL:
    return set_allocated(state, proto, args);
  case KBPF_RET_KPTR_OR_NULL:
    return exchange_kptr(state, args);
  case KBPF_RET_ITERATOR_ELEMENT_OR_NULL: // this is the end; next_round() is the other way
    r0 = Value::constant(0);
    break;
  case KBPF_RET_OBJECT:
  case KBPF_RET_OBJECT_OR_NULL: {
    if (std::optional<Value> typed = object_result(proto, args)) {
      r0 = *typed;
      const bool is_cast = (proto.number >= kFirstSocketCast && proto.number <= kLastSocketCast) ||
                           proto.number == kCastToUnixSocket;
      if (is_cast && args[0].is_pointer()) // another view of the same object
        r0.owner = args[0].owner;
      if (!(proto.flags & KBPF_HELPER_ACQUIRES))
        break;
      r0.owner = r0.id ? r0.id : analysis_.new_id();
      return acquire(state, r0.owner, ReferenceKind::object);
    }
    const Value *from = size_argument(KBPF_ARG_OBJECT, KBPF_ARG_OBJECT);
    r0.kind = proto.ret == KBPF_RET_OBJECT ? Kind::object : Kind::object_or_null;
    const bool gives_socket = proto.flags & KBPF_HELPER_ACQUIRES || (from && is_socket(from->object_class));
    r0.object_class = proto.number == kGetCurrentTaskBtf ? ObjectClass::task
                      : !gives_socket                    ? ObjectClass::other
                      : proto.number == kTcpSock         ? ObjectClass::tcp_socket
                      : proto.number == kSkcLookupTcp    ? ObjectClass::socket_common
                                                         : ObjectClass::socket;
    r0.id = r0.kind == Kind::object ? 0 : analysis_.new_id();
    r0.owner = from ? from->owner : 0; // another view of the same object
    r0.number = Scalar::constant(0);
    if (!(proto.flags & KBPF_HELPER_ACQUIRES))
      break;
    r0.owner = r0.id;
    return acquire(state, r0.owner, ReferenceKind::object);
  }
  }
  return {};
}

void Transformer::set_not_null(Value &value) {
  // Which value's lock is held, the id says.
  if (value.kind != Kind::map_value_or_null || analysis_.map(value).fields.spin_lock < 0)
    value.id = 0;
  switch (value.kind) {
  case Kind::map_value_or_null:
    value.kind = Kind::map_value;
    break;
  case Kind::object_or_null:
    value.kind = Kind::object;
    break;
  case Kind::btf_object_or_null:
    value.kind = Kind::btf_object;
    break;
  case Kind::allocated_or_null:
    value.kind = Kind::allocated;
    break;
  case Kind::map_or_null:
    value.kind = Kind::map;
    break;
  default:
    value.kind = Kind::memory;
  }
}

void Transformer::learn_null(State &state, const Value &pointer, bool is_null) {
  const Kind kind = pointer.kind; // it may be one of those that change
  const uint32_t id = pointer.id, owner = pointer.owner;
  for_each_value(state, [&](Value &value) {
    if (value.kind != kind || value.id != id)
      return;
    if (is_null) {
      value = Value::constant(0);
      return;
    }
    set_not_null(value);
  });
  // A record that is null was not reserved, a socket not found.
  if (is_null &&
      (kind == Kind::memory_or_null || kind == Kind::object_or_null || kind == Kind::btf_object_or_null ||
       kind == Kind::allocated_or_null) &&
      owner == id && state.held)
    state.held->remove(owner);
}

} // namespace kbpf
