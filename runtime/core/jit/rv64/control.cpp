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
  plan_.literals = plan_.literals.first(next_literal_);
  plan_.faults = plan_.faults.first(next_fault_);
  plan_.code = emit_.finish();
  if (emit_.out_of_memory())
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
  } else {
    bool is_kernel_function = insn.src() == KBPF_PSEUDO_KFUNC_CALL;
    auto lookup = !environment         ? nullptr
                  : is_kernel_function ? environment->kernel_function
                                       : environment->helper;
    HelperFunction function = lookup ? lookup(static_cast<uint32_t>(insn.imm)) : nullptr;
    if (!function || (insn.src() != 0 && !is_kernel_function))
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
  uint32_t literal = add_literal(target);
  if (refused_)
    return;
  plan_.literals[literal].is_called = true;
  add_fixup(FixupKind::native_call, literal);
  emit_.insn(encode::auipc(ra, 0));
  emit_.insn(encode::jalr(ra, ra, 0));
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

uint32_t Lowering::jump_target(size_t index) const {
  return static_cast<uint32_t>(kbpf::jump_target(index, insns_[index]));
}

void Lowering::lower_goto(uint32_t target) {
  if (!is_next(target))
    jump_to(target);
}

// Compilers like to end a loop with a branch over the jump back: together they are the opposite branch.
bool Lowering::skips_goto(size_t index) const {
  if (insns_[index].off != 1 || !follows(index + 1))
    return false;
  const Insn &skipped = insns_[index + 1];
  return skipped.is_jump_class() && skipped.code() == KBPF_JMP_JA;
}

namespace {

struct Comparison {
  Condition condition;
  bool swapped; // RISC-V has no "greater"
};
constexpr std::optional<Comparison> comparison_of(uint8_t code) {
  switch (code) {
  case KBPF_JMP_JEQ:
    return Comparison{Condition::eq, false};
  case KBPF_JMP_JNE:
    return Comparison{Condition::ne, false};
  case KBPF_JMP_JGT:
    return Comparison{Condition::ltu, true};
  case KBPF_JMP_JGE:
    return Comparison{Condition::geu, false};
  case KBPF_JMP_JLT:
    return Comparison{Condition::ltu, false};
  case KBPF_JMP_JLE:
    return Comparison{Condition::geu, true};
  case KBPF_JMP_JSGT:
    return Comparison{Condition::lt, true};
  case KBPF_JMP_JSGE:
    return Comparison{Condition::ge, false};
  case KBPF_JMP_JSLT:
    return Comparison{Condition::lt, false};
  case KBPF_JMP_JSLE:
    return Comparison{Condition::ge, true};
  default:
    return std::nullopt;
  }
}

} // namespace

void Lowering::lower_branch(const Insn &insn, uint32_t target, bool inverted) {
  bool is64 = insn.cls() == KBPF_CLASS_JMP;
  bool by_register = insn.src_is_reg();

  if (insn.code() == KBPF_JMP_JSET) {
    Reg dst = read(insn.dst(), t0);
    if (by_register) {
      emit_.and_(t0, dst, read(insn.src(), t1));
    } else if (fits_signed(insn.imm, 12)) {
      emit_.andi(t0, dst, insn.imm);
    } else {
      emit_.and_(t0, dst, constant_operand(insn.imm, t1));
    }
    bool upper_is_clear = !by_register && insn.imm >= 0;
    if (!is64 && !upper_is_clear)
      emit_.sext_w(t0, t0);
    branch_to(target, inverted ? Condition::eq : Condition::ne, t0, zero);
    return;
  }

  std::optional<Comparison> comparison = comparison_of(insn.code());
  if (!comparison)
    return refuse();
  auto [condition, swapped] = *comparison;
  // Both operands of a 32-bit comparison are extended alike. Sign extension keeps the unsigned order too;
  // where the upper halves are known to be zero already, an unsigned comparison takes them as they are.
  bool is_signed = condition == Condition::lt || condition == Condition::ge;
  bool zero_extended =
      extension(insn.dst()) & kZero && (by_register ? extension(insn.src()) & kZero : insn.imm >= 0);
  bool as_they_are = is64 || (!is_signed && zero_extended);
  Reg a = as_they_are ? read(insn.dst(), t0) : read_sign_extended(insn.dst(), t0);
  Reg b = zero;
  if (by_register) {
    b = as_they_are ? read(insn.src(), t1) : read_sign_extended(insn.src(), t1);
  } else if (insn.imm != 0) {
    b = constant_operand(insn.imm, t1);
  }
  if (inverted)
    condition = negate(condition);
  if (swapped)
    branch_to(target, condition, b, a);
  else
    branch_to(target, condition, a, b);
}

bool Lowering::is_next(uint32_t target) const {
  size_t next = index_ + 1;
  while (next < target && !facts_[next].reachable)
    next++;
  return next == target;
}

void Lowering::branch_to(uint32_t target, Condition condition, Reg rs1, Reg rs2) {
  uint32_t direct = Emitter::encode_branch(condition, rs1, rs2, 0);
  if (!Emitter::branch_is_compressible(condition, rs1, rs2))
    return transfer(FixupKind::branch, target, direct, 0);
  transfer(FixupKind::narrow_branch, target, direct,
           condition == Condition::eq ? encode::c_beqz(rs1, 0) : encode::c_bnez(rs1, 0));
}

// How far it is backward, and how far forward it will be at least, as hardly any code is as short. Either may
// grow.
void Lowering::transfer(FixupKind kind, uint32_t target, uint32_t direct, uint16_t compressed) {
  constexpr unsigned kLeast = 2; // bytes an instruction
  const int64_t distance = target > index_ ? static_cast<int64_t>((target - index_) * kLeast)
                                           : int64_t{plan_.offsets[target]} - emit_.position();
  FixupForm form = smallest_form(kind);
  while (!reach_of(kind, form).has(distance))
    form = next_form(kind, form);
  add_fixup(kind, target, form);
  if (form == FixupForm::compressed)
    return emit_.half(compressed);
  emit_.insn(direct);
  emit_.room(fixup_size(kind, form) - 4);
}

// Whether relaxation will find a direct call of what lies ahead within reach: where there are about four
// bytes of code an instruction.
static bool is_near_call(uint32_t first, uint32_t index) {
  return first - index < reach_of(FixupKind::call, FixupForm::direct).back / 4;
}

// The usual call: forward, of a function that was called before.
[[gnu::always_inline]] inline void Lowering::call_subprogram(uint32_t first) {
  const uint32_t recent = recent_calls_[first % kRecentCalls], index = static_cast<uint32_t>(index_);
  if (extensions_)
    forget_arguments_and_result();
  if (first <= index || plan_.program.subprograms()[recent].first != first)
    return call_any_subprogram(first);
  call(recent, is_near_call(first, index));
}

[[gnu::noinline]] void Lowering::call_any_subprogram(uint32_t first) {
  uint32_t number = subprogram_at(first);
  recent_calls_[first % kRecentCalls] = number;
  int64_t back = int64_t{plan_.layouts[number].start} - emit_.position(); // where the function is there
  uint32_t index = static_cast<uint32_t>(index_);
  call(number,
       first > index ? is_near_call(first, index) : reach_of(FixupKind::call, FixupForm::direct).has(back));
}

[[gnu::always_inline]] inline void Lowering::call(uint32_t subprogram, bool is_near) {
  add_fixup(FixupKind::call, subprogram, is_near ? FixupForm::direct : FixupForm::far);
  emit_.insn(encode::jal(ra, 0));
  if (!is_near) [[unlikely]]
    emit_.room(fixup_size(FixupKind::call, FixupForm::far) - 4);
}

uint32_t Lowering::subprogram_at(uint32_t first) const {
  std::span<const Subprogram> subprograms = plan_.program.subprograms();
  size_t low = 0, high = subprograms.size();
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    (subprograms[middle].first <= first ? low : high) = middle;
  }
  return static_cast<uint32_t>(low);
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

void Lowering::jump(const Insn &insn) {
  uint32_t target = jump_target(index_);
  if (insn.is_exit())
    lower_exit();
  else if (insn.is_callx())
    lower_call(insn);
  else if (insn.code() == KBPF_JMP_JA)
    lower_goto(target);
  else if (insn.code() == KBPF_JMP_JCOND)
    lower_may_goto(insn, target);
  else if (!skips_goto(index_))
    lower_branch(insn, target, false);
  else {
    begin(index_ + 1);
    lower_branch(insn, jump_target(index_), true);
  }
}

// Comparisons of 64 bits that RISC-V has, but for those over a jump: see skips_goto(). Like lower_alu(), it
// calls nothing.
template <uint8_t opcode> void Lowering::lower_jump(Lowering &self, const Insn &insn) {
  constexpr Insn kForm{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr std::optional<Comparison> kComparison = comparison_of(kForm.code());
  if constexpr (kComparison && kForm.cls() == KBPF_CLASS_JMP) {
    uint32_t fields = self.assignment_->fields[insn.regs];
    bool is_short = kForm.src_is_reg() ? !(fields & Assignment::kFramePointer)
                                       : insn.imm == 0 && insn.dst() != KBPF_REG_FP;
    if (is_short && !(insn.off == 1 && (&insn)[1].is_jump_class())) [[likely]] {
      constexpr Condition kCondition = kComparison->condition;
      constexpr bool kMayBeNarrow = !kForm.src_is_reg() && kCondition <= Condition::ne;
      const bool is_narrow = kMayBeNarrow && fields & Assignment::kNarrow;
      FixupKind kind = is_narrow ? FixupKind::narrow_branch : FixupKind::branch;
      uint32_t target = static_cast<uint32_t>(self.index_ + 1) + static_cast<uint32_t>(insn.off);
      uint32_t operands = fields & (Assignment::kRs1 | (kForm.src_is_reg() ? Assignment::kRs2 : 0));
      if constexpr (kComparison->swapped)
        operands =
            (fields & Assignment::kRs1) << 5 | (kForm.src_is_reg() ? fields >> 5 & Assignment::kRs1 : 0);
      uint32_t direct = Emitter::encode_branch(kCondition, zero, zero, 0) | operands;
      constexpr uint16_t kCompressed =
          kCondition == Condition::eq ? encode::c_beqz(s0, 0) : encode::c_bnez(s0, 0);
      uint16_t compressed = static_cast<uint16_t>(kCompressed | (fields & 7 << 7));
      constexpr unsigned kNear = 120; // instructions: the smallest form may reach them
      if (static_cast<uint16_t>(insn.off) >= kNear)
        return self.transfer(kind, target, direct, compressed);
      self.add_fixup(kind, target, smallest_form(kind));
      return is_narrow ? self.emit_.half(compressed) : self.emit_.insn(direct);
    }
  }
  if constexpr (kForm.is_call()) {
    if (insn.src() == KBPF_PSEUDO_CALL)
      return self.call_subprogram(static_cast<uint32_t>(self.index_ + 1) + static_cast<uint32_t>(insn.imm));
    return self.lower_call(insn);
  }
  self.jump(insn);
}
template <uint8_t opcode> void Lowering::lower_wide(Lowering &self, const Insn &insn) {
  bool is_number = opcode == KBPF_OP_LD_IMM64 && insn.src() == 0 && self.index_ + 1 < self.insns_.size() &&
                   (&insn)[1].opcode == 0;
  if (is_number) [[likely]]
    return self.load_number(insn);
  self.load_wide(insn);
}
KBPF_INSTANTIATE(lower_wide, KBPF_CLASS_LD)
KBPF_INSTANTIATE(lower_jump, KBPF_CLASS_JMP)
KBPF_INSTANTIATE(lower_jump, KBPF_CLASS_JMP32)

} // namespace kbpf::rv64
