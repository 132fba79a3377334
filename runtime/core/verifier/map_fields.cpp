// SPDX-License-Identifier: MIT OR Apache-2.0
// Fields of map values that belong to the kernel: the lock, of which a program holds one at a time and calls
// nothing meanwhile, and the timer. Programs touch neither directly.
#include "abi/attr.h"
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/program_rules.h"
#include <algorithm>

namespace kbpf {
namespace {

// kprobe, tracepoint, perf_event, raw_tracepoint, raw_tracepoint_writable: they may interrupt whoever holds a
// lock.
constexpr uint64_t kTracingTypes = 1u << 2 | 1u << 5 | 1u << 7 | 1u << 17 | 1u << 24;
constexpr uint64_t kSocketFilter = 1u << 1;

bool overlaps(const OffsetRange &at, int32_t field, int64_t size) {
  return field >= 0 && at.first < field + size && at.end > field;
}

} // namespace

Result<void> Checker::check_no_special_field(const State &state, unsigned reg, int64_t off, uint64_t size) {
  const MapRef &map = analysis_.map(state.reg(reg));
  const OffsetRange at = offsets(state.reg(reg), off, size);
  const bool is_lock = overlaps(at, map.fields.spin_lock, SpecialFields::kSpinLockSize);
  if (!is_lock && !overlaps(at, map.fields.timer, SpecialFields::kTimerSize))
    return {};
  return refuse_as(Error::access_denied, state, RejectionId::special_field,
                   "{} bytes at r{}, offset {}: the value's {} lies there, which only helpers touch", size,
                   reg, at.first, is_lock ? "bpf_spin_lock" : "bpf_timer");
}

Result<void> Checker::check_usable_map(const State &state, uint32_t index) {
  const MapRef &map = analysis_.program.maps[index];
  const uint32_t type = analysis_.program.type->number;
  if (analysis_.program.sleepable && !map_suits_sleepable(map.type))
    return refuse(
        state, RejectionId::map_type,
        "programs that may sleep use no map of the type of map {}: arrays, hash tables, queues, ring "
        "buffers and local storage only",
        index);
  const uint64_t bit = type < 64 ? uint64_t{1} << type : 0;
  constexpr uint32_t kHash = 1, kArray = 2, kLruHash = 9;
  const bool has_work = std::ranges::any_of(
      map.record, [](const RecordField &field) { return field.kind == RecordField::Kind::work; });
  const bool has_root = std::ranges::any_of(map.record, &RecordField::is_root);
  const bool is_restricted = map.map_flags & (KBPF_MAP_F_RDONLY_PROG | KBPF_MAP_F_WRONLY_PROG);
  if (map.is_refused || (is_restricted && !map.record.empty()) ||
      (has_root && map.type != kHash && map.type != kArray) ||
      (has_work && map.type != kHash && map.type != kArray && map.type != kLruHash))
    return refuse(
        state, RejectionId::special_field,
        "there is no map {}: its values have fields of the kernel's that can't be in such a map, or not so",
        index);
  if ((has_root || has_work) && bit & kTracingTypes)
    return refuse(state, RejectionId::special_field,
                  "programs of type {} may not use map {}, whose values have lists, trees or work",
                  analysis_.program.type->name, index);
  if (map.fields.spin_lock >= 0 && bit & (kTracingTypes | kSocketFilter))
    return refuse(state, RejectionId::special_field,
                  "programs of type {} may not use map {}, whose values have a "
                  "bpf_spin_lock",
                  analysis_.program.type->name, index);
  if (map.fields.timer >= 0 && bit & kTracingTypes)
    return refuse(state, RejectionId::special_field,
                  "programs of type {} may not use map {}, whose values have a bpf_timer",
                  analysis_.program.type->name, index);
  return {};
}

Result<void> Checker::check_field_argument(const State &state, unsigned reg, kbpf_arg_type arg,
                                           const HelperProto &proto) {
  const Value &value = state.reg(reg);
  const bool is_lock = arg == KBPF_ARG_SPIN_LOCK;
  const char *name = is_lock ? "bpf_spin_lock" : "bpf_timer";
  if (value.may_be_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  if (is_lock && value.kind == Kind::allocated)
    return check_field_of_lock(state, reg, proto);
  if (value.kind != Kind::map_value)
    return refuse_as(Error::access_denied, state, RejectionId::special_field,
                     "r{}, given to {}, is a {}: the {} in a map's value is needed", reg, proto.c_name,
                     kind_name(value.kind), name);
  const MapRef &map = analysis_.map(value);
  const int32_t field = is_lock ? map.fields.spin_lock : map.fields.timer;
  if (field < 0)
    return refuse(state, RejectionId::special_field, "values of map {} have no {}, by the BTF of the map",
                  value.map, name);
  if (!value.number.is_constant(static_cast<uint64_t>(field)))
    return refuse(state, RejectionId::special_field,
                  "r{}, given to {}, does not point to the {}, at offset {}", reg, proto.c_name, name, field);
  return is_lock ? check_lock(state, value, proto) : check_timer(state, value, proto);
}

Result<void> Checker::check_lock(const State &state, const Value &value, const HelperProto &proto) {
  const bool is_held = state.held && state.held->lock.is_held;
  if (proto.number == kSpinLock)
    return is_held ? Result<void>(refuse(state, RejectionId::spin_lock,
                                         "a lock is held already, taken at instruction {}",
                                         state.held->lock.insn))
                   : Result<void>();
  if (!is_held)
    return refuse(state, RejectionId::spin_lock, "bpf_spin_unlock without bpf_spin_lock");
  if (const uint32_t f = callback_frame(state); f && helper_that_called(analysis_, state, f) == kTreeAdd)
    return refuse_as(Error::access_denied, state, RejectionId::spin_lock,
                     "the lock of a tree is given back by a function that compares for it");
  if (!holds_lock_of(state, value))
    return refuse(state, RejectionId::spin_lock, "another value's lock is held, taken at instruction {}",
                  state.held->lock.insn);
  return {};
}

Result<void> Checker::check_timer(const State &state, const Value &value, const HelperProto &proto) {
  if (proto.number != kTimerInit)
    return {};
  const Value &map = state.reg(2);
  if (map.kind == Kind::map && (map.map != value.map || map.is_inner != value.is_inner))
    return refuse(state, RejectionId::special_field, "the timer is of map {}, r2 is map {}", value.map,
                  map.map);
  return {};
}

Result<void> Checker::check_work(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.may_be_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  const RecordField *field = value.kind == Kind::map_value ? analysis_.field_pointed_to(value) : nullptr;
  if (!field || field->kind != RecordField::Kind::work)
    return refuse(state, RejectionId::special_field,
                  "r{}, given to {}, does not point to the bpf_wq in a map's value", reg, proto.c_name);
  const Value &map = state.reg(2);
  if (proto.number == kWorkInit && map.kind == Kind::map &&
      (map.map != value.map || map.is_inner != value.is_inner))
    return refuse(state, RejectionId::special_field, "the bpf_wq is of map {}, r2 is map {}", value.map,
                  map.map);
  return {};
}

Result<void> Checker::check_unlocked(const State &state, std::string_view what) {
  if (!state.held || !state.held->lock.is_held)
    return {};
  return refuse(state, RejectionId::spin_lock, "{} while a lock is held, taken at instruction {}", what,
                state.held->lock.insn);
}

} // namespace kbpf
