// SPDX-License-Identifier: MIT OR Apache-2.0
// Lowering of control flow: the walk over the program, prologues and epilogues, jumps, calls.
#include "core/isa/encoding.h"
#include "core/jit/rv64/lower.h"
#include <algorithm>
#include <utility>

namespace kbpf::rv64 {

template <uint8_t opcode> constexpr Lowering::Handler Lowering::handler_of() {
  switch (opcode & 7) {
  case KBPF_CLASS_LD:
    return &lower_wide<opcode>;
  case KBPF_CLASS_LDX:
    return &lower_load<opcode>;
  case KBPF_CLASS_ST:
  case KBPF_CLASS_STX:
    return &lower_store<opcode>;
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    return &lower_alu<opcode>;
  default:
    return &lower_jump<opcode>;
  }
}

Result<void> Lowering::run() {
  static constexpr auto kHandlers = []<size_t... opcode>(std::index_sequence<opcode...>) {
    return std::array<Handler, 256>{handler_of<opcode>()...};
  }(std::make_index_sequence<256>{});
  std::span<const Subprogram> subprograms = plan_.program.subprograms();
  const size_t count = insns_.size();
  const Insn *const insns = insns_.data();
  uint32_t *const marks = marks_, *const fixups_before = fixups_before_;
  size_t subprogram = 0;
  size_t next_first = 0; // where the next subprogram begins
  for (size_t i = 0;; i = index_ + 1) {
    if (i >= next_first) {
      if (i >= count)
        break;
      enter_subprogram(subprogram++);
      next_first = subprogram < subprograms.size() ? subprograms[subprogram].first : count;
    }
    fixups_before[i] = fixup_count();
    const uint32_t first = marks[i];
    marks[i] = emit_.position();
    index_ = i;
    mark_ = first;
    if (!(first & mark::kReachable))
      continue;
    if (first & mark::kLeader)
      extensions_ = 0;
    for (;;) { // up to the next instruction that somebody goes to: the end is not reachable
      emit_.make_room();
      const Insn &insn = insns[index_];
      kHandlers[insn.opcode](*this, insn);
      size_t next = index_ + 1;
      constexpr uint32_t kNoted = mark::kReachable | mark::kLeader | mark::kIsTarget;
      uint32_t mark = marks[next];
      if ((mark & kNoted) != mark::kReachable)
        break;
      index_ = next;
      mark_ = mark;
      marks[next] = emit_.position();
    }
  }
  plan_.offsets[count] = emit_.position();
  plan_.fixups_before[count] = fixup_count();
  add_fixup(FixupKind::label, 0);
  if (refused_)
    return Error::not_supported;
  plan_.fixups = plan_.fixups.first(fixup_count());
  plan_.constants = plan_.constants.first(next_constant_);
  plan_.callees = plan_.callees.first(next_callee_);
  plan_.faults = plan_.faults.first(next_fault_);
  plan_.code = emit_.finish();
  if (emit_.out_of_memory() || out_of_memory_)
    return Error::no_memory;
  return {};
}

void Lowering::enter_subprogram(size_t number) {
  layout_ = &plan_.layouts[number];
  assignment_ = layout_->assignment;
  emit_.make_room();
  if (number == 0 && plan_.makes_tail_calls)
    count_tail_calls();
  layout_->start = emit_.position();
  layout_->fixups_before = fixup_count();
  prologue();
}

// A move followed by an operation on its result is one instruction where RISC-V has three operands. A 32-bit
// operation does not see that a 32-bit move has cleared the upper half.
static bool is_move_for(const Insn &move, bool is_32_bit_operation) {
  return move.is_alu() && move.code() == KBPF_ALU_MOV && move.src_is_reg() && move.off == 0 &&
         (move.cls() == KBPF_CLASS_ALU64 || is_32_bit_operation);
}

static bool fuses(const Insn &move, const Insn &operation) {
  bool is_plain_move = is_move_for(move, operation.cls() == KBPF_CLASS_ALU);
  bool reads_result_once = !operation.src_is_reg() || operation.src() != move.dst();
  return is_plain_move && operation.is_alu() && operation.code() != KBPF_ALU_MOV &&
         operation.code() != KBPF_ALU_END && operation.dst() == move.dst() && reads_result_once;
}

static bool fuses_with_fetch(const Insn &move, const Insn &operation) {
  bool fetches = operation.cls() == KBPF_CLASS_STX && operation.mode() == KBPF_MODE_ATOMIC &&
                 operation.imm & KBPF_ATOMIC_FETCH && operation.imm != KBPF_ATOMIC_CMPXCHG;
  return fetches && is_move_for(move, operation.size() == KBPF_SIZE_W) && operation.src() == move.dst() &&
         operation.dst() != move.dst();
}

void Lowering::move_or_more(const Insn &move) {
  size_t next = index_ + 1;
  if (follows(next)) {
    if (emit_.cpu().zbb)
      if (std::optional<Rotation> rotation = find_rotation())
        return rotate(*rotation);
    Insn operation = insns_[next];
    if (fuses(move, operation)) {
      begin(next);
      return any_alu(operation, move.src());
    }
    if (fuses_with_fetch(move, operation)) {
      begin(next);
      return lower_atomic(operation, move.src());
    }
  }
  any_alu(move, move.dst());
}

void Lowering::load_wide(const Insn &insn) {
  if (insn.is_packet_load())
    return lower_packet_load(insn);
  if (insn.is_told())
    return lower_told(insn);
  bool is_whole = index_ + 1 < insns_.size() && (&insn)[1].opcode == 0;
  if (insn.is_function_address() && is_whole) {
    Reg rd = native(insn.dst());
    add_fixup(FixupKind::function, static_cast<uint32_t>(insn.imm));
    emit_.insn(encode::auipc(rd, 0));
    emit_.insn(encode::addi(rd, rd, 0));
    set_extension(insn.dst(), kUnknown);
    return begin(index_ + 1);
  }
  refuse();
}

void Lowering::load_number(const Insn &insn) {
  uint64_t upper = static_cast<uint32_t>((&insn)[1].imm);
  uint64_t value = static_cast<uint32_t>(insn.imm) | upper << 32;
  set_extension(insn.dst(), of_number(static_cast<int64_t>(value)));
  Reg rd = native(insn.dst());
  if (!is_long_constant(value) || layout_->constant_count)
    return load_short_number(rd, value);
  constant_from_memory(rd, value);
  begin(index_ + 1);
}

void Lowering::load_short_number(Reg rd, uint64_t value) { // or one that is in a register
  std::optional<Reg> held = held_constant(value);
  if (held && adds_to_constant(rd, *held))
    return;
  if (held)
    emit_.mv(rd, *held);
  else
    constant(rd, value);
  begin(index_ + 1);
}

bool Lowering::adds_to_constant(Reg rd, Reg held) {
  size_t next = index_ + 2;
  if (!follows(next))
    return false;
  const Insn &sum = insns_[next];
  if (sum.opcode != (KBPF_CLASS_ALU64 | KBPF_ALU_ADD | KBPF_SRC_X) || sum.src() == sum.dst() ||
      sum.src() == KBPF_REG_FP || native(sum.dst()) != rd)
    return false;
  begin(index_ + 1);
  begin(next);
  emit_.add(rd, held, native(sum.src()));
  set_extension(sum.dst(), kUnknown);
  return true;
}

// What a helper tells, without a call: no register changes but dst.
void Lowering::lower_told(const Insn &insn) {
  const kbpf_machine *machine = plan_.options.machine;
  if (!machine)
    return refuse();
  Reg rd = native(insn.dst());
  bool is_short = false;
  switch (insn.imm) {
  case kKtimeGetNs:
    tell_time(rd, machine->time);
    break;
  case kGetSmpProcessorId:
    load_word(rd, machine->cpu);
    is_short = machine->cpu.bytes == 4;
    break;
  case kGetCurrentPidTgid:
    load_word(rd, machine->pid_tgid);
    is_short = machine->pid_tgid.bytes == 4;
    break;
  default:
    return refuse();
  }
  set_extension(insn.dst(), is_short ? kZero : kUnknown);
}

void Lowering::load_word(Reg rd, const kbpf_word &word) {
  Reg base = static_cast<Reg>(word.base);
  bool is_described = (base == gp || base == tp) && (word.bytes == 4 || word.bytes == 8) &&
                      fits_signed(word.through, 12) && fits_signed(word.offset, 12);
  if (!is_described)
    return refuse();
  if (word.through >= 0) {
    emit_.load(Width::d, true, rd, base, word.through);
    base = rd;
  }
  emit_.load(word.bytes == 4 ? Width::w : Width::d, false, rd, base, word.offset);
}

void Lowering::tell_time(Reg rd, const kbpf_time_source &time) {
  if (time.multiplier == 0 || time.shift > 63)
    return refuse();
  emit_.insn(encode::rdtime(rd));
  if (time.multiplier != 1)
    emit_.insn(encode::mul(rd, rd, constant_operand(static_cast<int64_t>(time.multiplier), t0)));
  if (time.shift)
    emit_.srli(rd, rd, time.shift);
  if (time.offset)
    emit_.add(rd, rd, constant_operand(static_cast<int64_t>(time.offset), t0));
}

// The way in from outside, where tail calls have to be counted: calls the program proper, which they enter
// and leave among themselves. The count is nobody's to save but its.
void Lowering::count_tail_calls() {
  constexpr int32_t kWayBack = 5 * 2; // bytes of what follows the call
  emit_.addi(sp, sp, -16);
  emit_.store(Width::d, ra, sp, 8);
  emit_.store(Width::d, s11, sp, 0);
  emit_.li_32(s11, KBPF_MAX_TAIL_CALLS);
  emit_.insn(encode::jal(ra, 4 + kWayBack));
  emit_.mv(a0, native(0));
  emit_.load(Width::d, true, s11, sp, 0);
  emit_.load(Width::d, true, ra, sp, 8);
  emit_.addi(sp, sp, 16);
  emit_.ret();
}

// Moves sp in two steps where one can't reach: saved registers lie at the top, and the rest is the BPF stack.
static uint32_t first_step(const Layout &layout) {
  return layout.frame_size < 2048 ? layout.frame_size : (saved_bytes(layout) + 15u) & ~15u;
}

void Lowering::prologue() {
  int32_t step = static_cast<int32_t>(first_step(*layout_));
  if (step != 0) {
    emit_.addi(sp, sp, -step);
    for_each_saved([&](Reg reg, int32_t slot) { emit_.store(Width::d, reg, sp, step + slot); });
  }
  int32_t rest = static_cast<int32_t>(layout_->frame_size) - step;
  if (rest != 0)
    emit_.add_constant(sp, sp, -rest, t0);
  if (layout_->clears_stack)
    clear_stack();
  if (layout_->may_gotos != zero)
    emit_.li_32(layout_->may_gotos, kMayGotoBudget);
  for (unsigned i = 0; i < layout_->constant_count; i++)
    constant(layout_->constants[i].reg, layout_->constants[i].value);
}

// Compressed stores reach 512 bytes from sp.
void Lowering::clear_stack() {
  int32_t bytes = static_cast<int32_t>(layout_->bpf_stack);
  if (bytes <= 512) {
    for (int32_t slot = 0; slot < bytes; slot += 8)
      emit_.store(Width::d, zero, sp, slot);
    return;
  }
  emit_.mv(t0, sp);
  emit_.add_constant(t1, sp, bytes, t1);
  uint32_t loop = emit_.position();
  emit_.store(Width::d, zero, t0, 0);
  emit_.addi(t0, t0, 8);
  emit_.branch(Condition::ne, t0, t1, static_cast<int32_t>(loop - emit_.position()));
}

// Below the caller's frame: ra, r6 up to the highest one used, constants, the count of may_gotos.
template <typename Visit> void Lowering::for_each_saved(Visit visit) const {
  if (!layout_->saves_ra)
    return;
  int32_t slot = 0;
  visit(ra, slot -= 8);
  for (unsigned i = 0; i < layout_->saved_count; i++)
    visit(layout_->assignment->registers[6 + i], slot -= 8);
  for (unsigned i = 0; i < layout_->constant_count; i++)
    visit(layout_->constants[i].reg, slot -= 8);
  if (layout_->may_gotos != zero)
    visit(layout_->may_gotos, slot -= 8);
}

void Lowering::leave_frame() {
  int32_t step = static_cast<int32_t>(first_step(*layout_));
  int32_t rest = static_cast<int32_t>(layout_->frame_size) - step;
  if (rest != 0)
    emit_.add_constant(sp, sp, rest, t0);
  if (step != 0) {
    for_each_saved([&](Reg reg, int32_t slot) { emit_.load(Width::d, true, reg, sp, step + slot); });
    emit_.addi(sp, sp, step);
  }
}

// A subprogram leaves its result in r0's register; only what is called from outside hands it there, too.
void Lowering::epilogue() {
  if (layout_->is_called_from_outside)
    emit_.mv(a0, native(0));
  leave_frame();
  emit_.ret();
}

// Without a frame the epilogue is hardly longer than a jump to another one.
void Lowering::lower_exit() {
  if (index_ == layout_->last_exit || layout_->frame_size == 0)
    epilogue();
  else
    jump_to(layout_->last_exit);
}

void Lowering::lower_call(const Insn &insn) {
  const Environment *environment = plan_.options.environment;
  if (insn.is_callx()) [[unlikely]] {
    if (!environment || insn.dst() == KBPF_REG_FP)
      return refuse();
    call_by_number(native(insn.dst()));
  } else if (is_tail_call(insn, environment)) {
    lower_tail_call();
  } else if (insn.src() == 0) { // where a profile has a helper of the tail call's number
    call_other_helper(static_cast<uint32_t>(insn.imm));
  } else {
    bool is_kernel_function = insn.src() == KBPF_PSEUDO_KFUNC_CALL;
    auto lookup = environment && is_kernel_function ? environment->kernel_function : nullptr;
    HelperFunction function = lookup ? lookup(static_cast<uint32_t>(insn.imm)) : nullptr;
    if (!function)
      return refuse();
    call_function(reinterpret_cast<uint64_t>(function));
    emit_.mv(native(0), a0);
  }
  forget_arguments_and_result();
}

// r1: context, r2: map, r3: index. Leaves this function's frame as if it returned, and goes on in the other
// program instead. As on Linux an empty slot costs one of the calls.
void Lowering::lower_tail_call() {
  const ProgArrayLayout &array = *plan_.options.environment->prog_array;
  Reg map = native(2), index = native(3);
  uint32_t next = static_cast<uint32_t>(index_) + 1;
  emit_.load(Width::w, false, t0, map, array.count);
  if (!(extension(3) & kZero)) {
    emit_.zext_w(t1, index);
    index = t1;
  }
  branch_to(next, Condition::geu, index, t0);
  branch_to(next, Condition::eq, s11, zero);
  emit_.addi(s11, s11, -1);
  if (emit_.cpu().zba) {
    emit_.insn(encode::sh3add(t1, index, map));
  } else {
    emit_.slli(t1, index, 3);
    emit_.add(t1, t1, map);
  }
  emit_.load(Width::d, true, t1, t1, array.slots);
  branch_to(next, Condition::eq, t1, zero);
  leave_frame();
  emit_.half(encode::c_jr(t1));
}

void Lowering::lower_may_goto(const Insn &insn, uint32_t target) {
  if (!insn.is_may_goto())
    return refuse();
  branch_to(target, Condition::eq, layout_->may_gotos, zero);
  emit_.addi(layout_->may_gotos, layout_->may_gotos, -1);
}

// A call that gives the bytes, or a negative number: then the function ends with 0.
void Lowering::lower_packet_load(const Insn &insn) {
  const Environment *environment = plan_.options.environment;
  if (!environment || !environment->load_packet || insn.src() == KBPF_REG_FP)
    return refuse();
  if (insn.mode() == KBPF_MODE_ABS) {
    emit_.li_32(a1, insn.imm);
  } else if (fits_signed(insn.imm, 12)) {
    emit_.addiw(a1, native(insn.src()), insn.imm);
  } else {
    emit_.li_32(t1, insn.imm);
    emit_.addw(a1, native(insn.src()), t1);
  }
  emit_.mv(a0, native(6));
  emit_.li_32(a2, static_cast<int32_t>(insn.access_bytes()));
  call_function(reinterpret_cast<uint64_t>(environment->load_packet));
  emit_.srai(t1, a0, 63);
  emit_.insn(encode::xori(t1, t1, -1)); // all ones where there are bytes, else 0
  emit_.and_(native(0), a0, t1);
  branch_to(layout_->last_exit, Condition::eq, t1, zero);
  forget_arguments_and_result();
  set_extension(0, insn.size() != KBPF_SIZE_W ? kZeroAndSign : kZero);
}

void Lowering::call_function(uint64_t target) {
  uint32_t callee = next_callee_ ? next_callee_ - 1 : 0;
  if (!next_callee_ || plan_.callees[callee] != target)
    callee = add_callee(target);
  if (refused_)
    return;
  add_fixup(FixupKind::native_call, callee);
  emit_.insn(encode::auipc(ra, 0));
  emit_.insn(encode::jalr(ra, ra, 0));
}

uint32_t Lowering::add_callee(uint64_t function) {
  if (next_callee_ == plan_.callees.size()) { // few programs call so many
    std::span<uint64_t> more = arena_.make_unset_array<uint64_t>(2 * plan_.callees.size() + 16);
    if (!more.data()) {
      out_of_memory_ = true;
      return 0;
    }
    std::copy(plan_.callees.begin(), plan_.callees.end(), more.begin());
    plan_.callees = more;
  }
  plan_.callees[next_callee_] = function;
  return next_callee_++;
}

// Asks the environment while the program runs. The arguments wait on the stack meanwhile.
void Lowering::call_by_number(Reg number) {
  constexpr int32_t kFrame = 48;
  emit_.addi(sp, sp, -kFrame);
  for (unsigned i = 0; i < 5; i++)
    emit_.store(Width::d, native(static_cast<uint8_t>(1 + i)), sp, static_cast<int32_t>(8 * i));
  emit_.sext_w(a0, number); // as the calling convention passes 32 bits
  call_function(reinterpret_cast<uint64_t>(plan_.options.environment->helper));
  emit_.mv(t1, a0);
  for (unsigned i = 0; i < 5; i++)
    emit_.load(Width::d, true, native(static_cast<uint8_t>(1 + i)), sp, static_cast<int32_t>(8 * i));
  emit_.addi(sp, sp, kFrame);
  emit_.insn(encode::jalr(ra, t1, 0));
  emit_.mv(native(0), a0);
}

Reg Lowering::read_frame_pointer(Reg temp) {
  emit_.add_constant(temp, sp, layout_->bpf_stack, temp);
  return temp;
}

Reg Lowering::read_sign_extended(uint8_t reg, Reg temp) {
  Reg source = read(reg, temp);
  if (extension(reg) & kSign)
    return source;
  emit_.sext_w(temp, source);
  return temp;
}

template <uint8_t opcode> void Lowering::lower_wide(Lowering &self, const Insn &insn) {
  bool is_number = opcode == KBPF_OP_LD_IMM64 && insn.src() == 0 && self.index_ + 1 < self.insns_.size() &&
                   (&insn)[1].opcode == 0;
  if (is_number) [[likely]]
    return self.load_number(insn);
  self.load_wide(insn);
}
KBPF_INSTANTIATE(lower_wide, KBPF_CLASS_LD)

} // namespace kbpf::rv64
