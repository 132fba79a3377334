// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/short_way.h"
#include "core/isa/encoding.h"
#include "core/verifier/held.h"
#include "core/verifier/link.h"
#include "core/verifier/precision.h"

namespace kbpf {
namespace {

bool is_word(const Value &value) { return value.is_scalar() && value.number.is_constant(); }

// An operation on known numbers, in place. False: it is none.
[[gnu::always_inline]] inline bool compute_constants(const Insn &insn, Value &dst, const Value &src) {
  const bool has_src = insn.src_is_reg();
  uint64_t word;
  if (!is_word(dst) || dst.id != 0 || (has_src && !is_word(src)) ||
      !alu_words(insn.code(), dst.number.value(),
                 has_src ? src.number.value() : static_cast<uint64_t>(int64_t{insn.imm}), word))
    return false;
  dst.number = Scalar::constant(insn.cls() == KBPF_CLASS_ALU64 ? word : static_cast<uint32_t>(word));
  if (has_src)
    dst.sources |= src.sources;
  return true;
}

// On numbers, where the result is linked to none.
[[gnu::always_inline]] inline bool compute_number(const Insn &insn, Value &dst, const Value &src) {
  const bool has_src = insn.src_is_reg(), is_64 = insn.cls() == KBPF_CLASS_ALU64;
  const uint8_t code = insn.code();
  if (!dst.is_scalar() || code == KBPF_ALU_END || code == KBPF_ALU_MOV ||
      (has_src ? !src.is_scalar() : !Checker::is_plain_constant(insn)) ||
      (dst.id != 0 && may_stay_linked(insn, dst.part, !has_src || src.number.is_constant())))
    return false;
  if (has_src) {
    dst.sources |= src.sources;
    alu(code, is_64, insn.off, dst.number, src.number);
  } else {
    alu(code, is_64, insn.off, dst.number, static_cast<uint64_t>(int64_t{insn.imm}));
  }
  unlink(dst);
  return true;
}

// That a jump goes one way relies on what it compares.
[[gnu::always_inline]] inline void rely_on_compared(const State &state, const Value &value) {
  if (value.id != 0 || (value.sources && state.parent && value.sources & ~state.parent->relied_on))
    rely_on(state, value);
}

} // namespace

[[gnu::always_inline]] inline bool ShortWay::compute(State &state, Value *regs, const Insn &insn) {
  Value &dst = regs[insn.dst()], &src = regs[insn.src()];
  const bool is_64 = insn.cls() == KBPF_CLASS_ALU64;
  if (insn.code() == KBPF_ALU_MOV && !insn.src_is_reg()) {
    if (insn.dst() == KBPF_REG_FP)
      return false;
    dst = Value::constant(is_64 ? static_cast<uint64_t>(int64_t{insn.imm}) : static_cast<uint32_t>(insn.imm));
    return true;
  }
  if (insn.code() == KBPF_ALU_MOV && insn.off == 0 &&
      (is_64 || (src.is_scalar() && src.number.r64.umax <= UINT32_MAX))) {
    if (src.kind == Kind::uninitialised || insn.dst() == KBPF_REG_FP)
      return false;
    if (src.is_scalar() && src.id == 0 && !src.number.is_constant())
      src.id = analysis_.new_id();
    dst = src;
    return true;
  }
  if (compute_constants(insn, dst, src) || compute_number(insn, dst, src))
    return true;
  if (!Checker::is_plain(insn, regs))
    return dst.is_pointer() && move_address(state, insn, dst, src);
  transformer_.alu(state, insn);
  return true;
}

// An address, by a number.
bool ShortWay::move_address(const State &state, const Insn &insn, Value &dst, const Value &src) {
  constexpr int64_t kFarthest = int64_t{1} << 29; // from the packet's start
  const bool has_src = insn.src_is_reg(), is_add = insn.code() == KBPF_ALU_ADD;
  if (dst.kind == Kind::stack && insn.opcode == (KBPF_CLASS_ALU64 | KBPF_ALU_ADD | KBPF_SRC_K) &&
      dst.number.is_constant()) {
    const int64_t moved = static_cast<int64_t>(dst.number.value()) + insn.imm;
    if (insn.dst() == KBPF_REG_FP || moved > 0 || moved < -int64_t{KBPF_STACK_SIZE})
      return false;
    dst.number = Scalar::constant(static_cast<uint64_t>(moved));
    return true;
  }
  if (has_src && !src.is_scalar())
    return false;
  const Scalar constant = Scalar::constant(static_cast<uint64_t>(int64_t{insn.imm}));
  const Scalar &by = has_src ? src.number : constant;
  Scalar moved;
  if (!Checker::is_plain_move(insn, dst, by, moved))
    return false;
  if (dst.kind != Kind::packet) {
    dst.moved_down |= !by.is_constant() && (is_add ? by.r64.smin < 0 : by.r64.smax > 0);
    dst.number = moved;
  } else if (by.is_constant()) { // all pointers of one id keep the number
    const int64_t step = static_cast<int64_t>(by.value()),
                  delta = is_add ? dst.delta + step : dst.delta - step;
    if (delta < -kFarthest || delta > kFarthest)
      return false;
    if (delta < dst.delta)
      dst.past_end = PastEnd::unknown;
    dst.delta = static_cast<int32_t>(delta);
  } else {
    dst.number = moved;
    dst.id = analysis_.new_id();
    dst.range = 0;
    dst.past_end = PastEnd::unknown;
  }
  if (has_src)
    rely_on(state, src);
  return true;
}

// next: where it goes, from `at`.
[[gnu::always_inline]] inline bool ShortWay::jump(const State &state, const Value *regs, const Insn &insn,
                                                  size_t at, size_t &next) {
  constexpr uint32_t kOthers =
      1u << (KBPF_JMP_CALL >> 4) | 1u << (KBPF_JMP_EXIT >> 4) | 1u << (KBPF_JMP_JCOND >> 4);
  if (insn.code() == KBPF_JMP_JA) {
    next = static_cast<size_t>(jump_target(at, insn));
    return true;
  }
  const Value &dst = regs[insn.dst()], &src = regs[insn.src()];
  const bool has_src = insn.src_is_reg();
  if (kOthers >> (insn.code() >> 4) & 1 || !is_word(dst) || (has_src && !is_word(src)))
    return false;
  const bool jumps = holds(insn.code(), insn.cls() == KBPF_CLASS_JMP, dst.number.value(),
                           has_src ? src.number.value() : static_cast<uint64_t>(int64_t{insn.imm}));
  analysis_.branches[at] |= jumps ? Analysis::kJumps : Analysis::kPasses;
  rely_on_compared(state, dst);
  if (has_src)
    rely_on_compared(state, src);
  next = at + 1 + static_cast<size_t>(jumps ? insn.off : 0);
  return true;
}

// Whole registers, in the frame of the function that runs, where its stack has been used before.
[[gnu::always_inline]] inline bool ShortWay::use_stack(State &state, Frame &frame, const Insn &insn,
                                                       InsnFacts &facts) {
  constexpr uint8_t kWhole = KBPF_MODE_MEM | KBPF_SIZE_DW;
  const bool loads = insn.opcode == (KBPF_CLASS_LDX | kWhole),
             is_constant = insn.opcode == (KBPF_CLASS_ST | kWhole);
  if (!loads && !is_constant && insn.opcode != (KBPF_CLASS_STX | kWhole))
    return false;
  Value &dst = frame.regs[insn.dst()], &src = frame.regs[insn.src()];
  const Value &base = loads ? src : dst;
  const uint64_t below = -(base.number.value() + static_cast<uint64_t>(int64_t{insn.off})); // r10
  const uint64_t slot = below / 8 - 1;
  if (base.kind != Kind::stack || base.frame + 1u != state.frame_count || !base.number.is_constant() ||
      below & 7 || slot >= frame.slot_count)
    return false;
  const Subprogram &subprogram = analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(frame.first_insn)];
  if (below > subprogram.stack_depth || facts.follows_context || facts.faultable)
    return false;
  StackSlot &content = frame.slots[slot];
  const uint64_t bit = uint64_t{1} << slot;
  facts.follows_other = true;
  if (loads) {
    if (!content.is_whole(ByteKind::spill) || insn.dst() == KBPF_REG_FP)
      return false;
    if (!(frame.written & bit))
      rely_on_slots(state, base.frame, bit);
    dst = content.spilled;
    return true;
  }
  if (content.bytes[0] == ByteKind::object)
    return false;
  if (slot_of(frame.last_constant_at) == slot)
    frame.forget_last_constant();
  if (is_constant) {
    if (insn.imm != 0)
      content.spilled = Value::constant(static_cast<uint64_t>(int64_t{insn.imm}));
    content.fill(insn.imm != 0 ? ByteKind::spill : ByteKind::zero);
  } else {
    if (!src.is_scalar() || src.number.is_constant())
      return false;
    if (src.id == 0) // as it has a copy now
      src.id = analysis_.new_id();
    content.spilled = src;
    content.fill(ByteKind::spill);
  }
  frame.written |= bit;
  return true;
}

// Bytes of the packet, or of a map's value.
[[gnu::always_inline]] inline bool ShortWay::use_memory(Value *regs, const Insn &insn, InsnFacts &facts) {
  if (insn.cls() == KBPF_CLASS_LDX) {
    if (insn.dst() == KBPF_REG_FP || !checker_.is_plain_memory_access(insn, regs[insn.src()], facts))
      return false;
    regs[insn.dst()] = kLoadedNumbers.of(insn.size());
    return true;
  }
  return (insn.cls() == KBPF_CLASS_ST || regs[insn.src()].kind != Kind::uninitialised) &&
         checker_.is_plain_memory_access(insn, regs[insn.dst()], facts);
}

// Any other plain access to the stack. An error is met again on the long way.
bool ShortWay::access_stack(State &state, const Insn &insn) {
  StackPlace place;
  return checker_.is_plain_stack_access(insn, state, place) &&
         transformer_.access_stack(state, insn, place).ok();
}

// An ld_imm64 of a number, or of a map that was named before.
[[gnu::noinline]] bool ShortWay::load_wide(Value *regs, const Insn *insn) {
  const uint32_t low = static_cast<uint32_t>(insn->imm);
  if (insn->opcode != KBPF_OP_LD_IMM64 || insn->dst() == KBPF_REG_FP)
    return false;
  Value &dst = regs[insn->dst()];
  if (insn->src() == 0) {
    dst = Value::constant(uint64_t{static_cast<uint32_t>(insn[1].imm)} << 32 | low);
    return true;
  }
  if (insn->src() != KBPF_PSEUDO_MAP_IDX || !(analysis_.usable_maps & Analysis::map_bit(low)))
    return false;
  dst = Value();
  dst.kind = Kind::map;
  dst.map = static_cast<uint16_t>(low);
  dst.number = Scalar::constant(0);
  return true;
}

// A lookup in a map in which one was made before, by a key that lies in one slot of the stack.
[[gnu::noinline]] bool ShortWay::look_up(State &state, Frame &frame, const Insn &insn) {
  const Value &map = frame.regs[1], &key = frame.regs[2];
  if (insn.src() != 0 || insn.imm != static_cast<int32_t>(kMapLookup) || map.kind != Kind::map ||
      !(analysis_.plain_maps & Analysis::map_bit(map.map)) || key.kind != Kind::stack ||
      !key.number.is_constant() || (state.held && state.held->lock.is_held))
    return false;
  const MapRef &looked_up = analysis_.program.maps[map.map];
  const int64_t first = static_cast<int64_t>(key.number.value()), last = first + looked_up.key_size - 1;
  if (first < -int64_t{KBPF_STACK_SIZE} || last >= 0 || slot_of(first) != slot_of(last))
    return false;
  const Frame &holder = *state.frames[key.frame];
  const uint32_t slot = slot_of(first);
  Subprogram &subprogram = analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(holder.first_insn)];
  if (slot >= holder.slot_count || 8 * (slot + 1) > subprogram.stack_depth ||
      holder.slots[slot].bytes[0] == ByteKind::object ||
      !holder.slots[slot].is_written(~uint64_t{0} >> (64 - 8 * looked_up.key_size) << 8 * byte_of(first)))
    return false;
  if (!(holder.written >> slot & 1))
    rely_on_slots(state, key.frame, uint64_t{1} << slot);
  transformer_.look_up(state);
  return true;
}

// A load, or a store, by its base, a register.
[[gnu::always_inline]] inline bool ShortWay::use(State &state, Frame &frame, const Insn &insn, size_t at,
                                                 const Value &base, InsnFacts &facts) {
  if (base.kind == Kind::context) {
    if (insn.cls() != KBPF_CLASS_LDX || !checker_.is_plain_context_load(insn, base, facts))
      return false;
    frame.regs[insn.dst()] = kLoadedNumbers.of(insn.size());
    return true;
  }
  if (base.kind != Kind::stack)
    return use_memory(frame.regs, insn, facts);
  if (use_stack(state, frame, insn, facts))
    return true;
  state.insn = static_cast<uint32_t>(at);
  return access_stack(state, insn);
}

ShortWay::Walk ShortWay::walk(State &state, uint32_t most) {
  const Insn *const insns = analysis_.program.insns.data();
  const uint8_t *const joins = analysis_.cfg.is_join.data();
  InsnFacts *const facts = analysis_.facts.data();
  Frame &frame = state.frame();
  Walk walk{};
  size_t at = state.insn;
  while (walk.insns != most) {
    const Insn &insn = insns[at];
    size_t next = at + 1;
    if (insn.is_alu()) {
      if (!compute(state, frame.regs, insn))
        break;
    } else if (insn.is_jump_class()) {
      if (jump(state, frame.regs, insn, at, next)) {
        walk.jumps++;
      } else {
        state.insn = static_cast<uint32_t>(at);
        if (!insn.is_call() || !look_up(state, frame, insn))
          break;
      }
    } else if (insn.cls() == KBPF_CLASS_LD) {
      if (!load_wide(frame.regs, &insn))
        break;
      facts[next++].reachable = true;
    } else if (insn.cls() == KBPF_CLASS_LDX) {
      if (!use(state, frame, insn, at, frame.regs[insn.src()], facts[at]))
        break;
    } else if (!use(state, frame, insn, at, frame.regs[insn.dst()], facts[at])) {
      break;
    }
    facts[at].reachable = true;
    walk.insns++;
    at = next;
    if (joins[at]) {
      walk.joined = true;
      break;
    }
  }
  state.insn = static_cast<uint32_t>(at);
  return walk;
}

} // namespace kbpf
