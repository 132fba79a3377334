// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/transformer.h"
#include "core/verifier/link.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"
#include "core/verifier/stack_object.h"
#include <cstring>

namespace kbpf {
namespace {

Value immediate(const Insn &insn) { return Value::constant(static_cast<uint64_t>(int64_t{insn.imm})); }

bool is_movable(Kind kind) {
  return kind == Kind::stack || kind == Kind::map_value || kind == Kind::context || kind == Kind::fd_slot ||
         kind == Kind::memory || kind == Kind::map_key || kind == Kind::btf_object || kind == Kind::allocated;
}

// Every pointer that is not "or null" points to something, as long as it was not moved to the other end of
// memory.
bool is_address(const Value &value) {
  constexpr int64_t kNear = int64_t{1} << 31;
  switch (value.kind) {
  case Kind::uninitialised:
  case Kind::scalar:
  case Kind::map_value_or_null:
  case Kind::map_or_null:
  case Kind::object_or_null:
  case Kind::btf_object_or_null:
  case Kind::allocated_or_null:
  case Kind::memory_or_null:
    return false;
  case Kind::allocated:
    if (value.trust & trust::kUntrusted)
      return false;
    break;
  case Kind::btf_object: // others may be anything
    if (!is_trusted(value))
      return false;
    break;
  case Kind::map:
  case Kind::object:
  case Kind::function:
  case Kind::dynptr_argument:
    return true;
  default:
    break;
  }
  return value.number.r64.smin > -kNear && value.number.r64.smax < kNear;
}

// A test for null goes one way for some pointers; others are tested as Linux does, both ways.
bool is_known_not_null(const Value &value) {
  switch (value.kind) {
  case Kind::map:
  case Kind::map_value:
  case Kind::map_key:
  case Kind::memory:
  case Kind::object:
  case Kind::btf_object:
  case Kind::allocated:
    return is_address(value);
  default:
    return false;
  }
}

} // namespace

Result<void> Transformer::apply(State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  switch (insn.cls()) {
  case KBPF_CLASS_LD:
    if (insn.is_packet_load())
      load_packet(state, insn);
    else
      load_wide(state, insn);
    return {};
  case KBPF_CLASS_LDX:
    load(state, insn);
    return {};
  case KBPF_CLASS_ST:
    return store(state, insn);
  case KBPF_CLASS_STX:
    return insn.mode() == KBPF_MODE_ATOMIC ? atomic(state, insn) : store(state, insn);
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    alu(state, insn);
    return {};
  default:
    return call_helper(state, insn);
  }
}

void Transformer::link(Value &value) {
  if (value.is_scalar() && value.id == 0 && !value.number.is_constant())
    value.id = analysis_.new_id();
}

void Transformer::alu(State &state, const Insn &insn) {
  Value &dst = state.reg(insn.dst());
  if (insn.code() == KBPF_ALU_MOV)
    return move(state, insn, dst);
  const bool has_src = insn.src_is_reg() && insn.code() != KBPF_ALU_END;
  const Value &src_reg = state.reg(insn.src());
  const uint64_t imm = static_cast<uint64_t>(int64_t{insn.imm});
  if (insn.code() != KBPF_ALU_END && dst.is_scalar() && (!has_src || src_reg.is_scalar())) {
    if (has_src)
      return compute(state, insn, dst, src_reg.number, src_reg.sources);
    return compute(state, insn, dst, Scalar::constant(imm), 0);
  }
  const Value src = has_src ? src_reg : Value::constant(imm);
  Value result = arithmetic(insn, dst, src);
  if (result.is_scalar()) {
    if (dst.is_scalar())
      result.sources = dst.sources;
    if (src.is_scalar())
      result.sources |= src.sources;
    derive(insn, dst, src.number, result);
    adopt_known(state, result);
  }
  dst = result;
}

// A number becomes another one, in place: nothing else in it changes but what it is linked to.
void Transformer::compute(State &state, const Insn &insn, Value &dst, const Scalar &src, uint64_t sources) {
  const bool is_64 = insn.cls() == KBPF_CLASS_ALU64;
  Value result; // for now, what it is linked to
  if (dst.id != 0 && may_stay_linked(insn, dst.part, src.is_constant()))
    derive(insn, dst, src, result);
  if (result.id == 0) { // most often
    kbpf::alu(insn.code(), is_64, insn.off, dst.number, src);
    dst.sources |= sources;
    unlink(dst);
    return;
  }
  result.kind = Kind::scalar;
  result.number = dst.number;
  kbpf::alu(insn.code(), is_64, insn.off, result.number, src);
  result.sources = dst.sources | sources;
  adopt_known(state, result); // while dst is still the operand
  dst = result;
}

void Transformer::move(State &state, const Insn &insn, Value &dst) {
  const bool is_64 = insn.cls() == KBPF_CLASS_ALU64;
  if (!insn.src_is_reg()) {
    dst = Value::constant(is_64 ? static_cast<uint64_t>(int64_t{insn.imm}) : static_cast<uint32_t>(insn.imm));
    return;
  }
  Value &src = state.reg(insn.src());
  link(src);
  // The lower half of a number that has no more than that is the number.
  if (insn.off == 0 && (is_64 || (src.is_scalar() && src.number.r64.umax <= UINT32_MAX))) {
    dst = src;
    return;
  }
  if (!src.is_scalar()) { // a piece of an address
    dst = Value::scalar(is_64 ? Scalar::sign_extended(static_cast<unsigned>(insn.off))
                              : Scalar::zero_extended(32));
    return;
  }
  Value result = Value::scalar(is_64 ? alu64(KBPF_ALU_MOV, insn.off, Scalar(), src.number)
                                     : alu32(KBPF_ALU_MOV, insn.off, Scalar(), src.number));
  if (result.number == src.number) { // the move changes nothing
    dst = src;
    return;
  }
  result.sources = src.sources;
  derive(insn, src, {}, result);
  adopt_known(state, result);
  dst = result;
}

Value Transformer::arithmetic(const Insn &insn, const Value &dst, const Value &src) {
  bool is_64 = insn.cls() == KBPF_CLASS_ALU64;
  if (insn.code() == KBPF_ALU_END) {
    bool swap = is_64 || insn.src_is_reg();
    Scalar number = dst.is_scalar() ? dst.number : Scalar::unknown();
    return Value::scalar(byte_order(number, swap, static_cast<unsigned>(insn.imm)));
  }
  if (is_64 && (insn.code() == KBPF_ALU_ADD || insn.code() == KBPF_ALU_SUB)) {
    bool is_add = insn.code() == KBPF_ALU_ADD;
    if (is_add && (dst.kind == Kind::map || src.kind == Kind::map)) // 0 is all that may be added to it
      return dst.kind == Kind::map ? dst : src;
    if (dst.is_in_packet() && src.is_scalar())
      return move_in_packet(dst, src.number, is_add);
    if (is_add && dst.is_scalar() && src.is_in_packet())
      return move_in_packet(src, dst.number, true);
    if (is_movable(dst.kind) && src.is_scalar()) {
      Value moved = dst;
      moved.number = alu64(insn.code(), 0, dst.number, src.number);
      moved.moved_down |=
          !src.number.is_constant() && (is_add ? src.number.r64.smin < 0 : src.number.r64.smax > 0);
      return moved;
    }
    if (is_add && dst.is_scalar() && is_movable(src.kind)) {
      Value moved = src;
      moved.number = alu64(KBPF_ALU_ADD, 0, src.number, dst.number);
      moved.moved_down |= !dst.number.is_constant() && dst.number.r64.smin < 0;
      return moved;
    }
  }
  // Anything else makes a number of an address: some number.
  const Scalar a = dst.is_scalar() ? dst.number : Scalar::unknown();
  const Scalar b = src.is_scalar() ? src.number : Scalar::unknown();
  return Value::scalar(is_64 ? alu64(insn.code(), insn.off, a, b) : alu32(insn.code(), insn.off, a, b));
}

Value Transformer::move_in_packet(const Value &pointer, const Scalar &by, bool is_add) {
  constexpr int64_t kFarthest = int64_t{1} << 29; // far beyond every packet; keeps sums from overflowing
  Value moved = pointer;
  if (!by.is_constant()) {
    moved.number = alu64(is_add ? KBPF_ALU_ADD : KBPF_ALU_SUB, 0, pointer.number, by);
    moved.id = analysis_.new_id();
    moved.range = 0;
    moved.past_end = PastEnd::unknown;
    return moved;
  }
  const Value lost = analysis_.program.hides_addresses ? Value() : Value::unknown();
  const int64_t step = static_cast<int64_t>(by.value());
  if (step < -kFarthest || step > kFarthest)
    return lost;
  const int64_t delta = is_add ? pointer.delta + step : pointer.delta - step;
  if (delta < -kFarthest || delta > kFarthest)
    return lost;
  if (delta < pointer.delta)
    moved.past_end = PastEnd::unknown;
  moved.delta = static_cast<int32_t>(delta);
  return moved;
}

void Transformer::load_wide(State &state, const Insn &insn) {
  uint32_t high = static_cast<uint32_t>(analysis_.insn(state.insn + 1).imm);
  Value &dst = state.reg(insn.dst());
  if (insn.src() == 0) {
    dst = Value::constant(uint64_t{high} << 32 | static_cast<uint32_t>(insn.imm));
    return;
  }
  if (insn.src() == KBPF_PSEUDO_BTF_ID) {
    dst = variable_value(static_cast<uint32_t>(insn.imm));
    return;
  }
  dst = Value();
  dst.number = Scalar::constant(0);
  if (insn.is_function_address()) {
    dst.kind = Kind::function;
    dst.function = static_cast<uint16_t>(
        analysis_.cfg.subprogram_at(static_cast<uint32_t>(function_target(state.insn, insn))));
    return;
  }
  dst.map = static_cast<uint16_t>(insn.imm);
  if (insn.src() == KBPF_PSEUDO_MAP_IDX) {
    dst.kind = Kind::map;
  } else if (insn.src() == KBPF_PSEUDO_ZCORE_FD_SLOT) {
    dst.kind = Kind::fd_slot;
  } else {
    dst.kind = Kind::map_value;
    dst.number = Scalar::constant(high);
  }
}

// Classic BPF's load calls into the kernel; where the packet is too short the function ends, which is the
// driver's to follow.
void Transformer::load_packet(State &state, const Insn &insn) {
  for (unsigned reg = 0; reg <= 5; reg++)
    state.reg(reg) = Value();
  state.reg(0) = Value::unknown(); // as in Linux
}

void Transformer::load(State &state, const Insn &insn) {
  state.reg(insn.dst()) = load_from(state, state.reg(insn.src()), insn);
}

namespace {

// Bytes of a map that never changes again, or of the word that holds a map's fd.
Value load_constant(std::span<const std::byte> bytes, const OffsetRange &at, unsigned size) {
  if (!at.is_exact(size) || static_cast<uint64_t>(at.end) > bytes.size())
    return Value::scalar(Scalar::zero_extended(size * 8));
  uint64_t word = 0;
  memcpy(&word, bytes.data() + at.first, size); // little-endian, like the programs
  return Value::constant(word);
}

Value load_from_stack(const State &state, uint32_t frame, int64_t offset, unsigned size) {
  const Frame &from = *state.frames[frame];
  if (byte_at(from, offset) == ByteKind::zero)
    rely_on_zeroes(state, frame, uint64_t{1} << slot_of(offset));
  return read_stack(from, offset, size);
}

// A field of the context: the address of the packet, or some number.
Value load_field(const ContextInfo &context, const OffsetRange &at, unsigned size) {
  const ContextField *field = context.field_at(static_cast<uint64_t>(at.first));
  Value value = Value::scalar(Scalar::zero_extended(size * 8));
  if (!field || field->access.kind == FieldAccess::Kind::number)
    return value;
  value.number = Scalar::constant(0);
  switch (field->access.kind) {
  case FieldAccess::Kind::packet:
    value.kind = Kind::packet;
    break;
  case FieldAccess::Kind::packet_meta:
    value.kind = Kind::packet_meta;
    break;
  default:
    value.kind = Kind::packet_end;
  }
  return value;
}

// Makes what a zero-extending load gives what a load of that instruction gives.
void extend_loaded(Value &value, const Insn &insn) {
  if (insn.mode() != KBPF_MODE_MEMSX || !value.is_scalar())
    return;
  const Scalar number = sign_extend(value.number, insn.access_bytes() * 8);
  if (number == value.number) // it stays linked
    return;
  const uint64_t sources = value.sources;
  value = Value::scalar(number);
  value.sources = sources;
}

} // namespace

Value Transformer::load_socket(const SocketField &field) {
  Value value;
  value.kind = field.may_be_null ? Kind::object_or_null : Kind::object;
  value.object_class = field.kind == SocketKind::common ? ObjectClass::socket_common : ObjectClass::socket;
  value.id = field.may_be_null ? analysis_.new_id() : 0;
  value.number = Scalar::constant(0);
  return value;
}

Value Transformer::load_from(State &state, const Value &base, const Insn &insn) {
  unsigned size = insn.access_bytes();
  OffsetRange at = offsets(base, insn.off, size);
  Value value = Value::scalar(Scalar::zero_extended(size * 8));
  if (base.kind == Kind::stack && at.is_exact(size))
    value = load_from_stack(state, base.frame, at.first, size);
  else if (const RecordField *field = base.kind == Kind::map_value && !analysis_.map(base).record.empty()
                                          ? analysis_.field_at(base, at)
                                          : nullptr)
    value = load_kptr(state, *field);
  else if (base.kind == Kind::map_value)
    value = load_constant(analysis_.map(base).constants, at, size);
  else if (base.kind == Kind::context && analysis_.traced)
    value = load_argument(at, size);
  else if (base.kind == Kind::context && analysis_.socket_at(at.first))
    value = load_socket(*analysis_.socket_at(at.first));
  else if (base.kind == Kind::context)
    value = load_field(*analysis_.program.type->context, at, size);
  else if (base.kind == Kind::btf_object)
    value = load_member(state, base, at, size);
  else if (base.kind == Kind::fd_slot)
    value = load_constant(std::as_bytes(std::span(&analysis_.map(base).fd, 1)), at, size);
  extend_loaded(value, insn);
  return value;
}

Result<void> Transformer::store(State &state, const Insn &insn) {
  const Value &base = state.reg(insn.dst());
  if (base.kind == Kind::memory)
    write_to_buffer(state, base);
  if (base.kind != Kind::stack)
    return {};
  unsigned size = insn.access_bytes();
  if (insn.cls() == KBPF_CLASS_ST)
    return store_to_stack(state, base, insn.off, size,
                          Value::constant(static_cast<uint64_t>(int64_t{insn.imm})));
  Value &src = state.reg(insn.src());
  link(src);
  return store_to_stack(state, base, insn.off, size, src);
}

Result<void> Transformer::access_stack(State &state, const Insn &insn, const StackPlace &place) {
  Frame &frame = *state.frames[place.frame];
  const uint32_t slot = place.slot, size = place.size;
  if (insn.cls() == KBPF_CLASS_LDX) {
    Value &dst = state.reg(insn.dst());
    if (size == 8 && frame.slots[slot].is_whole(ByteKind::spill)) {
      dst = frame.slots[slot].spilled;
    } else {
      dst = load_from_stack(state, place.frame, place.offset, size);
      extend_loaded(dst, insn);
    }
    return {};
  }
  if (slot >= frame.slot_count && !pool_.reserve_slots(frame, slot + 1))
    return Error::no_memory;
  if (size == 8)
    frame.written |= uint64_t{1} << slot;
  if (insn.cls() == KBPF_CLASS_ST) {
    const Value value = immediate(insn);
    write_stack(frame, place.offset, size, value); // a constant relies on nothing
    return {};
  }
  Value &src = state.reg(insn.src());
  link(src);
  if (write_stack(frame, place.offset, size, src))
    rely_on(state, src);
  return {};
}

Result<void> Transformer::store_to_stack(State &state, const Value &base, int64_t off, unsigned size,
                                         const Value &value) {
  Frame &frame = *state.frames[base.frame];
  OffsetRange at = offsets(base, off, size);
  remove_objects(state, base.frame, at.first, at.end);
  if (!at.is_exact(size)) { // one place of several: what is there may stay or change
    const bool is_zero =
        value.is_scalar() && value.number.is_constant() && truncate(value.number.bits, size * 8).value == 0;
    if (overwrite_stack(frame, at.first, at.end,
                        is_zero ? Overwritten::perhaps_by_zero : Overwritten::perhaps))
      rely_on(state, value);
    return {};
  }
  if (!pool_.reserve_slots(frame, slot_of(at.first) + 1))
    return Error::no_memory;
  if (write_stack(frame, at.first, size, value))
    rely_on(state, value);
  if (size == 8)
    frame.written |= uint64_t{1} << slot_of(at.first);
  return {};
}

// The old value goes to the source register, or to r0 for compare-and-exchange.
Result<void> Transformer::atomic(State &state, const Insn &insn) {
  if (insn.is_load_acquire()) {
    load(state, insn);
    return {};
  }
  if (insn.is_store_release())
    return store(state, insn);
  const Value base = state.reg(insn.dst());
  unsigned size = insn.access_bytes();
  Value old = Value::scalar(Scalar::zero_extended(size * 8));
  if (base.kind == Kind::memory)
    write_to_buffer(state, base);
  if (base.kind == Kind::stack) {
    Frame &frame = *state.frames[base.frame];
    OffsetRange at = offsets(base, insn.off, size);
    if (at.is_exact(size))
      old = load_from_stack(state, base.frame, at.first, size);
    overwrite_stack(frame, at.first, at.end, Overwritten::perhaps);
  }
  if (insn.imm == KBPF_ATOMIC_CMPXCHG)
    state.reg(0) = old;
  else if (insn.imm & KBPF_ATOMIC_FETCH)
    state.reg(insn.src()) = old;
  return {};
}

namespace {

// Whether the other one is where the bytes that follow the pointer end: the packet's end for pointers into
// it, its start for pointers into the room before it.
bool ends_at(const Value &pointer, const Value &other) {
  if (pointer.kind == Kind::packet)
    return other.kind == Kind::packet_end;
  return pointer.kind == Kind::packet_meta && other.kind == Kind::packet && other.id == 0 && other.delta == 0;
}

} // namespace

namespace {

// Where a jump compares a packet pointer with the packet's end: whether the pointer is before it, or at it
// (compares_with_less), where it is taken, or where it is not. None: it does not ask for the order.
std::optional<bool> is_before_end(uint8_t code, bool dst_is_pointer) {
  switch (code) {
  case KBPF_JMP_JGT:
  case KBPF_JMP_JGE:
    return !dst_is_pointer;
  case KBPF_JMP_JLT:
  case KBPF_JMP_JLE:
    return dst_is_pointer;
  default:
    return std::nullopt;
  }
}
// Whether that is before it, not at it.
bool compares_with_less(uint8_t code, bool dst_is_pointer) {
  return dst_is_pointer ? code == KBPF_JMP_JGE || code == KBPF_JMP_JLT
                        : code == KBPF_JMP_JGT || code == KBPF_JMP_JLE;
}

} // namespace

void Transformer::learn_packet_range(State &state, const Insn &insn, bool taken) {
  constexpr int64_t kLongest = 0xffff; // bytes of a packet, and of what is added to its address
  if (!insn.src_is_reg())
    return;
  const Value &dst = state.reg(insn.dst()), &src = state.reg(insn.src());
  const bool dst_is_pointer = ends_at(dst, src);
  if (!dst_is_pointer && !ends_at(src, dst))
    return;
  Value &pointer = state.reg(dst_is_pointer ? insn.dst() : insn.src());
  const std::optional<bool> holds_where_taken = is_before_end(insn.code(), dst_is_pointer);
  if (!holds_where_taken)
    return;
  const bool less = compares_with_less(insn.code(), dst_is_pointer);
  if (*holds_where_taken != taken) {
    if (pointer.kind == Kind::packet)
      pointer.past_end = std::max(pointer.past_end, less ? PastEnd::at_least : PastEnd::behind);
    return;
  }
  // A sum that may have wrapped around says nothing. As in Linux, "not empty" is not made use of.
  if (pointer.delta < 0 || (pointer.delta == 0 && less) || pointer.number.r64.umax > kLongest ||
      static_cast<int64_t>(pointer.number.r64.umax) + pointer.delta > kLongest)
    return;
  const int64_t range = std::min(kLongest, int64_t{pointer.delta} + less);
  for_each_value(state, [&](Value &value) {
    if (value.kind == pointer.kind && value.id == pointer.id)
      value.range = std::max(value.range, static_cast<uint16_t>(range));
  });
}

namespace {

// "number code number" is or is not true. As in Linux both ways are walked, and the one that is impossible
// learns what it would of two numbers.
void assume_of_itself(uint8_t code, bool is_64, bool holds, Scalar &number) {
  Scalar other = number, narrowed = number;
  if (!(holds ? assume(code, is_64, narrowed, other) : assume_not(code, is_64, narrowed, other)))
    return;
  narrowed.r64 = intersect(narrowed.r64, other.r64);
  narrowed.r32 = intersect(narrowed.r32, other.r32);
  if (narrowed.normalise())
    number = narrowed;
}

} // namespace

Branch Transformer::predict(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  const bool is_64 = insn.cls() == KBPF_CLASS_JMP;
  const Value &dst = state.reg(insn.dst());
  if (dst.is_scalar() && (!insn.src_is_reg() || state.reg(insn.src()).is_scalar())) {
    const uint64_t imm = static_cast<uint64_t>(int64_t{insn.imm});
    const Scalar *src = insn.src_is_reg() ? &state.reg(insn.src()).number : nullptr;
    if (dst.number.is_constant() && (!src || src->is_constant())) {
      const bool jumps = holds(insn.code(), is_64, dst.number.value(), src ? src->value() : imm);
      return {jumps, !jumps};
    }
    passed_.dst = taken_.dst = dst.number;
    if (!src || src->is_constant()) {
      const uint64_t word = src ? src->value() : imm;
      if (!assume(insn.code(), is_64, false, passed_.dst, word))
        return {true, false};
      return {assume(insn.code(), is_64, true, taken_.dst, word), true, true};
    }
    if (insn.src() == insn.dst()) {
      assume_of_itself(insn.code(), is_64, false, passed_.dst);
      assume_of_itself(insn.code(), is_64, true, taken_.dst);
      return {true, true, true};
    }
    passed_.src = taken_.src = *src;
    if (!assume_not(insn.code(), is_64, passed_.dst, passed_.src))
      return {true, false};
    return {assume(insn.code(), is_64, taken_.dst, taken_.src), true, true};
  }
  if (const Value *src = insn.src_is_reg() ? &state.reg(insn.src()) : nullptr;
      src && is_64 && (dst.kind == Kind::packet_end || src->kind == Kind::packet_end)) {
    const bool dst_is_pointer = src->kind == Kind::packet_end;
    const Value &pointer = dst_is_pointer ? dst : *src;
    const std::optional<bool> before = is_before_end(insn.code(), dst_is_pointer);
    const PastEnd enough =
        compares_with_less(insn.code(), dst_is_pointer) ? PastEnd::at_least : PastEnd::behind;
    if (pointer.kind == Kind::packet && before && pointer.past_end >= enough)
      return {!*before, *before};
  }
  // An address is not null.
  if (!is_64 || (insn.code() != KBPF_JMP_JEQ && insn.code() != KBPF_JMP_JNE))
    return {true, true};
  const Value *src = insn.src_is_reg() ? &state.reg(insn.src()) : nullptr;
  const bool src_is_null = src ? src->is_null() : insn.imm == 0;
  if ((src_is_null && is_known_not_null(dst)) || (src && dst.is_null() && is_known_not_null(*src)))
    return {insn.code() == KBPF_JMP_JNE, insn.code() == KBPF_JMP_JEQ};
  return {true, true};
}

bool Transformer::only_decides(const State &state, uint32_t target) const {
  const Insn &insn = analysis_.insn(state.insn);
  const Value &dst = state.reg(insn.dst());
  const uint32_t live = analysis_.cfg.live[target] | analysis_.cfg.live[state.insn + 1];
  return !insn.src_is_reg() && !(live >> insn.dst() & 1) && dst.is_scalar() && dst.id == 0 &&
         goes_both_ways(insn.code(), insn.cls() == KBPF_CLASS_JMP, dst.number,
                        static_cast<uint64_t>(int64_t{insn.imm}));
}

bool Transformer::assume_numbers(State &state, const Insn &insn, bool taken, bool was_predicted) {
  const bool is_64 = insn.cls() == KBPF_CLASS_JMP;
  Value &dst = state.reg(insn.dst());
  if (insn.src_is_reg() && insn.src() == insn.dst()) {
    if (!was_predicted)
      assume_of_itself(insn.code(), is_64, taken, dst.number);
    else if (!taken)
      set_compared(state, passed_);
    return dst.id == 0 || propagate(state, Value(dst));
  }
  Value *src = insn.src_is_reg() ? &state.reg(insn.src()) : nullptr;
  if (!was_predicted) {
    if (!src || src->number.is_constant()) {
      const uint64_t word = src ? src->number.value() : static_cast<uint64_t>(int64_t{insn.imm});
      if (!assume(insn.code(), is_64, taken, dst.number, word))
        return false;
    } else if (!(taken ? assume(insn.code(), is_64, dst.number, src->number)
                       : assume_not(insn.code(), is_64, dst.number, src->number))) {
      return false;
    }
  } else if (!taken) {
    set_compared(state, passed_);
  }
  if (!src)
    return dst.id == 0 || propagate(state, Value(dst));
  dst.sources = src->sources = dst.sources | src->sources;
  const Value new_dst = dst, new_src = *src;
  return propagate(state, new_dst) && propagate(state, new_src);
}

void Transformer::set_compared(State &state, const Compared &compared) {
  const Insn &insn = analysis_.insn(state.insn);
  state.reg(insn.dst()).number = compared.dst;
  if (insn.src_is_reg() && insn.src() == insn.dst())
    return;
  if (insn.src_is_reg() && !state.reg(insn.src()).number.is_constant()) // of which nothing is learnt
    state.reg(insn.src()).number = compared.src;
}

bool Transformer::assume_jump(State &state, bool taken, bool was_predicted) {
  const Insn &insn = analysis_.insn(state.insn);
  bool is_64 = insn.cls() == KBPF_CLASS_JMP;
  if (state.reg(insn.dst()).is_scalar() && (!insn.src_is_reg() || state.reg(insn.src()).is_scalar()))
    return assume_numbers(state, insn, taken, was_predicted);
  if (is_64)
    learn_packet_range(state, insn, taken);

  // Comparison of a pointer with null, or with an address.
  if (!is_64 || (insn.code() != KBPF_JMP_JEQ && insn.code() != KBPF_JMP_JNE))
    return true;
  const Value *dst = &state.reg(insn.dst()), *src = insn.src_is_reg() ? &state.reg(insn.src()) : nullptr;
  if (src && (dst->is_scalar() || (src->is_pointer() && is_address(*dst))))
    std::swap(dst, src);
  const bool against_address = src && is_address(*src);
  if (!against_address && !(src ? src->is_null() : insn.imm == 0))
    return true;
  const bool is_equal = (insn.code() == KBPF_JMP_JEQ) == taken;
  if (against_address && !is_equal) // another address, or null
    return true;
  const bool is_null = is_equal && !against_address;
  if (is_known_not_null(*dst))
    return !is_null;
  if (src)
    rely_on(state, *src); // that it is 0 decides
  if (dst->may_be_null())
    learn_null(state, *dst, is_null);
  return true;
}

Result<void> Transformer::enter(State &state, uint32_t first_insn, uint32_t return_to) {
  Frame &caller = state.frame();
  Frame *callee = pool_.push_frame(state, first_insn, return_to);
  if (!callee)
    return Error::no_memory;
  for (unsigned reg = 1; reg <= 5; reg++)
    callee->regs[reg] = caller.regs[reg];
  for (unsigned reg = 0; reg <= 5; reg++)
    caller.regs[reg].kind = Kind::uninitialised;
  state.insn = first_insn;
  return {};
}

void Transformer::leave(State &state) {
  const uint32_t left = state.frame_count - 1;
  const Frame &callee = state.frame();
  if (!callee.is_callback) // a callback's result is the helper's
    copy_inline(state.frames[left - 1]->regs[0], callee.regs[0]);
  state.insn = callee.return_to;
  pool_.pop_frame(state);
  if (state.held)
    state.held->end_loops(left);
  // Pointers into the stack that is gone are mere numbers.
  forget_addresses(state, [&](const Value &value) {
    return (value.kind == Kind::stack && value.frame == left) ||
           is_slice_of_buffer(value, left, -KBPF_STACK_SIZE, 0);
  });
}

} // namespace kbpf
