// SPDX-License-Identifier: MIT OR Apache-2.0
// Lowering of control flow: the walk over the program, prologues and epilogues, jumps, calls.
#include "core/jit/rv64/lower.h"

namespace kbpf::rv64 {

Result<void> Lowering::run() {
  std::span<const Subprogram> subprograms = plan_.program.subprograms();
  std::span<const InsnFacts> facts = plan_.program.facts();
  size_t subprogram = 0;
  for (uint32_t i = 0; i < insns_.size();) {
    if (subprogram < subprograms.size() && subprograms[subprogram].first == i) {
      layout_ = &plan_.layouts[subprogram];
      uint32_t before = emit_.position();
      prologue();
      if (measuring_)
        plan_.layouts[subprogram].prologue_size = static_cast<uint16_t>(emit_.position() - before);
      subprogram++;
    }
    if (!facts[i].reachable) {
      i++;
      continue;
    }
    if (plan_.is_leader(i))
      zero_extended_ = sign_extended_ = 0;
    i += KBPF_TRY(lower_insn(i));
  }
  return {};
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

Result<uint32_t> Lowering::lower_move(const Insn &insn) {
  uint32_t next = index_ + 1;
  if (next < insns_.size() && !plan_.is_leader(next) && plan_.program.facts()[next].reachable) {
    bool with_alu = fuses(insn, insns_[next]);
    if (with_alu || fuses_with_fetch(insn, insns_[next])) {
      index_ = next;
      KBPF_TRY(with_alu ? lower_alu(insns_[next], insn.src()) : lower_atomic(insns_[next], insn.src()));
      return 2u;
    }
  }
  KBPF_TRY(lower_alu(insn, insn.dst()));
  return 1u;
}

Result<uint32_t> Lowering::lower_insn(uint32_t index) {
  const Insn &insn = insns_[index];
  index_ = index;
  start_ = emit_.position();
  uint32_t slots = 1;
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    if (insn.code() == KBPF_ALU_MOV && insn.src_is_reg())
      slots = KBPF_TRY(lower_move(insn));
    else
      KBPF_TRY(lower_alu(insn, insn.dst()));
    break;
  case KBPF_CLASS_JMP:
  case KBPF_CLASS_JMP32:
    if (insn.is_exit())
      lower_exit();
    else if (insn.is_call() || insn.is_callx())
      KBPF_TRY(lower_call(insn));
    else if (insn.code() == KBPF_JMP_JA)
      lower_goto(jump_target(index));
    else if (skips_goto(index)) {
      index_++;
      KBPF_TRY(lower_branch(insn, jump_target(index + 1), true));
      slots = 2;
    } else {
      KBPF_TRY(lower_branch(insn, jump_target(index), false));
    }
    break;
  case KBPF_CLASS_LDX:
    KBPF_TRY(lower_load(insn));
    break;
  case KBPF_CLASS_ST:
  case KBPF_CLASS_STX:
    KBPF_TRY(lower_store(insn));
    break;
  default: { // LD
    if (insn.is_packet_load()) {
      KBPF_TRY(lower_packet_load(insn));
      break;
    }
    if (!insn.is_ld_imm64() || insn.src() != 0)
      return Error::not_supported;
    uint64_t value = static_cast<uint32_t>(insn.imm) | uint64_t{static_cast<uint32_t>(insns_[index + 1].imm)}
                                                           << 32;
    if (auto held = held_constant(value))
      emit_.mv(native(insn.dst()), *held);
    else
      constant(native(insn.dst()), value);
    set_extension(insn.dst(),
                  {.zero = value >> 32 == 0, .sign = fits_signed(static_cast<int64_t>(value), 32)});
    slots = 2;
    break;
  }
  }
  if (measuring_)
    plan_.sizes[index_] = static_cast<uint16_t>(emit_.position() - start_);
  return slots;
}

void Lowering::prologue() {
  if (layout_->frame_size != 0) {
    emit_.addi(sp, sp, -layout_->frame_size);
    for_each_saved([&](Reg reg, int32_t slot) { emit_.store(Width::d, reg, sp, slot); });
  }
  for (unsigned i = 0; i < layout_->constant_count; i++)
    constant(layout_->constants[i].reg, layout_->constants[i].value);
}

// From the top of the frame down: ra, r6 up to the highest one used, constants.
template <typename Visit> void Lowering::for_each_saved(Visit visit) const {
  if (!layout_->saves_ra)
    return;
  int32_t slot = layout_->frame_size;
  visit(ra, slot -= 8);
  for (unsigned i = 0; i < layout_->saved_count; i++)
    visit(layout_->registers[6 + i], slot -= 8);
  for (unsigned i = 0; i < layout_->constant_count; i++)
    visit(layout_->constants[i].reg, slot -= 8);
}

// A subprogram leaves its result in r0's register; only the entry hands it to the outside.
void Lowering::epilogue() {
  if (layout_->is_entry)
    emit_.mv(a0, native(0));
  if (layout_->frame_size != 0) {
    for_each_saved([&](Reg reg, int32_t slot) { emit_.load(Width::d, true, reg, sp, slot); });
    emit_.addi(sp, sp, layout_->frame_size);
  }
  emit_.ret();
}

// Without a frame the epilogue is hardly longer than a jump to another one.
void Lowering::lower_exit() {
  if (index_ == layout_->last_exit || layout_->frame_size == 0)
    epilogue();
  else
    transfer(TransferKind::jump, layout_->last_exit, Condition::eq, zero, zero);
}

Result<void> Lowering::lower_call(const Insn &insn) {
  const Environment *environment = plan_.options.environment;
  if (insn.is_callx()) {
    if (!environment || insn.dst() == KBPF_REG_FP)
      return Error::not_supported;
    call_by_number(native(insn.dst()));
  } else if (insn.src() == KBPF_PSEUDO_CALL) {
    uint32_t target = static_cast<uint32_t>(int64_t{index_} + 1 + insn.imm);
    transfer(TransferKind::call, target, Condition::eq, zero, zero);
  } else {
    bool is_kernel_function = insn.src() == KBPF_PSEUDO_KFUNC_CALL;
    auto lookup = !environment         ? nullptr
                  : is_kernel_function ? environment->kernel_function
                                       : environment->helper;
    HelperFunction function = lookup ? lookup(static_cast<uint32_t>(insn.imm)) : nullptr;
    if (!function || (insn.src() != 0 && !is_kernel_function))
      return Error::not_supported;
    call_function(reinterpret_cast<uint64_t>(function));
    emit_.mv(native(0), a0);
  }
  for (uint8_t reg = 0; reg < 6; reg++)
    set_extension(reg, {});
  return {};
}

// A call that gives the bytes, or a negative number: then the function ends with 0.
Result<void> Lowering::lower_packet_load(const Insn &insn) {
  const Environment *environment = plan_.options.environment;
  if (!environment || !environment->load_packet || insn.src() == KBPF_REG_FP)
    return Error::not_supported;
  if (insn.mode() == KBPF_MODE_ABS) {
    emit_.li(a1, static_cast<uint64_t>(int64_t{insn.imm}));
  } else if (fits_signed(insn.imm, 12)) {
    emit_.addiw(a1, native(insn.src()), insn.imm);
  } else {
    emit_.li(t1, static_cast<uint64_t>(int64_t{insn.imm}));
    emit_.addw(a1, native(insn.src()), t1);
  }
  emit_.mv(a0, native(6));
  emit_.li(a2, insn.access_bytes());
  call_function(reinterpret_cast<uint64_t>(environment->load_packet));
  emit_.srai(t1, a0, 63);
  emit_.insn(encode::xori(t1, t1, -1)); // all ones where there are bytes, else 0
  emit_.and_(native(0), a0, t1);
  branch_to(layout_->last_exit, Condition::eq, t1, zero);
  for (uint8_t reg = 1; reg < 6; reg++)
    set_extension(reg, {});
  set_extension(0, {.zero = true, .sign = insn.size() != KBPF_SIZE_W});
  return {};
}

void Lowering::call_function(uint64_t target) {
  if (is_near(plan_.options.region, target))
    emit_.call_relative(static_cast<int64_t>(target - run_address_ - emit_.position()));
  else
    emit_.call_absolute(target);
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

uint32_t Lowering::jump_target(uint32_t index) const {
  const Insn &insn = insns_[index];
  bool is_long = insn.cls() == KBPF_CLASS_JMP32 && insn.code() == KBPF_JMP_JA;
  return static_cast<uint32_t>(int64_t{index} + 1 + (is_long ? insn.imm : insn.off));
}

void Lowering::lower_goto(uint32_t target) {
  if (!is_next(target))
    transfer(TransferKind::jump, target, Condition::eq, zero, zero);
}

// Compilers like to end a loop with a branch over the jump back: together they are the opposite branch.
bool Lowering::skips_goto(uint32_t index) const {
  if (insns_[index].off != 1 || plan_.is_leader(index + 1) || !plan_.program.facts()[index + 1].reachable)
    return false;
  const Insn &skipped = insns_[index + 1];
  return skipped.is_jump_class() && skipped.code() == KBPF_JMP_JA;
}

Result<void> Lowering::lower_branch(const Insn &insn, uint32_t target, bool inverted) {
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
    return {};
  }

  Condition condition;
  bool swapped = false; // RISC-V has no "greater"
  switch (insn.code()) {
  case KBPF_JMP_JEQ:
    condition = Condition::eq;
    break;
  case KBPF_JMP_JNE:
    condition = Condition::ne;
    break;
  case KBPF_JMP_JGT:
    condition = Condition::ltu, swapped = true;
    break;
  case KBPF_JMP_JGE:
    condition = Condition::geu;
    break;
  case KBPF_JMP_JLT:
    condition = Condition::ltu;
    break;
  case KBPF_JMP_JLE:
    condition = Condition::geu, swapped = true;
    break;
  case KBPF_JMP_JSGT:
    condition = Condition::lt, swapped = true;
    break;
  case KBPF_JMP_JSGE:
    condition = Condition::ge;
    break;
  case KBPF_JMP_JSLT:
    condition = Condition::lt;
    break;
  case KBPF_JMP_JSLE:
    condition = Condition::ge, swapped = true;
    break;
  default:
    return Error::not_supported;
  }
  // Both operands of a 32-bit comparison are extended alike. Sign extension keeps the unsigned order too;
  // where the upper halves are known to be zero already, an unsigned comparison takes them as they are.
  bool is_signed = condition == Condition::lt || condition == Condition::ge;
  bool zero_extended =
      extension(insn.dst()).zero && (by_register ? extension(insn.src()).zero : insn.imm >= 0);
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
  return {};
}

bool Lowering::is_next(uint32_t target) const {
  std::span<const InsnFacts> facts = plan_.program.facts();
  uint32_t next = index_ + 1;
  while (next < target && !facts[next].reachable)
    next++;
  return next == target;
}

void Lowering::branch_to(uint32_t target, Condition condition, Reg rs1, Reg rs2) {
  bool is_narrow = Emitter::branch_is_compressible(condition, rs1, rs2);
  transfer(is_narrow ? TransferKind::narrow_branch : TransferKind::branch, target, condition, rs1, rs2);
}

void Lowering::transfer(TransferKind kind, uint32_t target, Condition condition, Reg rs1, Reg rs2) {
  Transfer &transfer = plan_.transfers[next_transfer_++];
  if (measuring_) {
    bool starts_compressed = kind == TransferKind::narrow_branch || kind == TransferKind::jump;
    transfer = {.insn = index_,
                .target = target,
                .at = static_cast<uint16_t>(emit_.position() - start_),
                .kind = kind,
                .form = starts_compressed ? TransferForm::compressed : TransferForm::direct};
  }
  int64_t distance = int64_t{plan_.offsets[target]} - emit_.position();
  bool is_branch = kind == TransferKind::branch || kind == TransferKind::narrow_branch;
  Reg link = zero;
  if (kind == TransferKind::call) {
    link = ra;
    distance -= prologue_size(target);
  }
  int32_t near = static_cast<int32_t>(distance);
  switch (transfer.form) {
  case TransferForm::compressed:
    return is_branch ? emit_.branch_compressed(condition, rs1, near) : emit_.jump_compressed(near);
  case TransferForm::direct:
    return is_branch ? emit_.branch(condition, rs1, rs2, near) : emit_.jump(link, near);
  case TransferForm::over_jump:
    emit_.branch(negate(condition), rs1, rs2, 8);
    return emit_.jump(zero, near - 4);
  case TransferForm::far:
    if (is_branch) {
      emit_.branch(negate(condition), rs1, rs2, 12);
      distance -= 4;
    }
    return emit_.jump_far(link, link == ra ? ra : t0, distance);
  }
}

uint32_t Lowering::prologue_size(uint32_t first) const {
  std::span<const Subprogram> subprograms = plan_.program.subprograms();
  size_t low = 0, high = subprograms.size();
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    (subprograms[middle].first <= first ? low : high) = middle;
  }
  return plan_.layouts[low].prologue_size;
}

Reg Lowering::read(uint8_t reg, Reg temp) {
  if (reg != KBPF_REG_FP)
    return native(reg);
  emit_.addi(temp, sp, layout_->bpf_stack);
  return temp;
}

Reg Lowering::read_sign_extended(uint8_t reg, Reg temp) {
  Reg source = read(reg, temp);
  if (extension(reg).sign)
    return source;
  emit_.sext_w(temp, source);
  return temp;
}

void Lowering::set_extension(uint8_t reg, Extension extension) {
  uint16_t bit = static_cast<uint16_t>(1u << reg);
  zero_extended_ = static_cast<uint16_t>(extension.zero ? zero_extended_ | bit : zero_extended_ & ~bit);
  sign_extended_ = static_cast<uint16_t>(extension.sign ? sign_extended_ | bit : sign_extended_ & ~bit);
}

} // namespace kbpf::rv64
