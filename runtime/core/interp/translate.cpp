// SPDX-License-Identifier: MIT OR Apache-2.0
// Makes cells of instructions. What can be looked up once is looked up here: operands, helpers' addresses,
// which subprogram a call enters. A move fuses with the operation behind it, a branch with the jump that it
// steps over, and an addition with a branch on its result; the second instruction keeps its own cell for
// whoever jumps to it.
#include "core/interp/cell.h"
#include "core/isa/encoding.h"

namespace kbpf {
namespace {

uint16_t offset_of(uint8_t reg) { return static_cast<uint16_t>(reg * sizeof(uint64_t)); }

// Index of the subprogram that begins there, or the number of them.
size_t find_subprogram(std::span<const Subprogram> subprograms, int64_t first) {
  size_t low = 0, high = subprograms.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (subprograms[middle].first < first)
      low = middle + 1;
    else
      high = middle;
  }
  return low < subprograms.size() && subprograms[low].first == first ? low : subprograms.size();
}

class Translation {
public:
  Translation(const VerifiedProgram &program, const Environment &environment)
      : program_(program), environment_(environment), insns_(program.insns()) {}

  Cell cell(size_t index) const {
    const Insn &insn = insns_[index];
    if (insn.is_call())
      return call(index);
    if (insn.is_ld_imm64())
      return wide(index);
    if (insn.is_told())
      return told(insn);
    if (insn.dst() > KBPF_REG_FP || insn.src() > KBPF_REG_FP)
      return of(kNotAnInstruction);
    if (is_faultable_load(index))
      return of(kFaultableLoad);
    if (index + 1 < insns_.size()) {
      const Insn &next = insns_[index + 1];
      if (CellHandler both = handler_of_pair(insn, next)) {
        bool is_branch = insn.is_jump_class();
        Cell cell = plain(both, is_branch ? insn : next);
        // Where the jump goes, from the branch on; or the register that was moved.
        cell.off = static_cast<int16_t>(is_branch ? next.off + 2 : offset_of(insn.src()));
        return cell;
      }
      bool is_pair = index + 2 < insns_.size() && next.is_jump_class() && next.dst() <= KBPF_REG_FP &&
                     handler_of_pair(next, insns_[index + 2]);
      if (CellHandler both = handler_of_count(insn, next, is_pair))
        return plain(both, insn);
    }
    Cell cell = plain(handler_of(insn), insn);
    if (insn.is_jump() && cell.off < INT16_MAX)
      cell.off++;
    else if (insn.is_jump())
      cell.handler = kNotAnInstruction;
    return cell;
  }

  bool is_faultable_load(size_t index) const {
    return program_.facts()[index].faultable && program_.facts()[index].reachable &&
           insns_[index].cls() == KBPF_CLASS_LDX;
  }

private:
  static Cell of(CellHandler handler) {
    Cell cell{};
    cell.handler = handler;
    return cell;
  }
  static Cell plain(CellHandler handler, const Insn &insn) {
    Cell cell = of(handler ? handler : kNotAnInstruction);
    cell.off = insn.off;
    cell.src = offset_of(insn.src());
    cell.imm = insn.imm;
    return cell;
  }

  Cell wide(size_t index) const {
    const Insn &insn = insns_[index];
    CellHandler handler = insn.dst() <= KBPF_REG_FP ? handler_of(insn) : nullptr;
    if (!handler || index + 1 == insns_.size())
      return of(kNotAnInstruction);
    if (insn.is_function_address()) {
      Cell cell = plain(kFunctionAddress, insn);
      cell.src = offset_of(insn.dst());
      return cell;
    }
    Cell cell = of(handler);
    cell.value = static_cast<uint32_t>(insn.imm) |
                 static_cast<uint64_t>(static_cast<uint32_t>(insns_[index + 1].imm)) << 32;
    return cell;
  }

  // The helper itself tells.
  Cell told(const Insn &insn) const {
    HelperFunction function = environment_.helper(static_cast<uint32_t>(insn.imm));
    if (!function || insn.dst() > KBPF_REG_FP)
      return of(kNotAnInstruction);
    Cell cell = of(handler_of(insn));
    cell.value = reinterpret_cast<uint64_t>(function);
    return cell;
  }

  Cell call(size_t index) const {
    const Insn &insn = insns_[index];
    if (insn.src() == KBPF_PSEUDO_CALL) {
      size_t callee = find_subprogram(program_.subprograms(), jump_target(index, insn));
      if (callee == program_.subprograms().size())
        return of(kNotAnInstruction);
      Cell cell = of(kCallSubprogram);
      cell.imm = static_cast<int32_t>(callee);
      return cell;
    }
    auto lookup = insn.src() == 0                        ? environment_.helper
                  : insn.src() == KBPF_PSEUDO_KFUNC_CALL ? environment_.kernel_function
                                                         : nullptr;
    HelperFunction function = lookup ? lookup(static_cast<uint32_t>(insn.imm)) : nullptr;
    if (!function)
      return of(insn.is_tail_call() && environment_.prog_array ? kTailCall : kNotAnInstruction);
    Cell cell = of(kCallHelper);
    cell.value = reinterpret_cast<uint64_t>(function);
    return cell;
  }

  const VerifiedProgram &program_;
  const Environment &environment_;
  std::span<const Insn> insns_;
};

} // namespace

Result<const InterpreterCode *> translate(const VerifiedProgram &program, const Environment &environment,
                                          Arena &arena) {
  std::span<Cell> cells = arena.make_array<Cell>(program.insns().size());
  InterpreterCode *code = arena.make<InterpreterCode>(&program, &environment, cells.data());
  if (!cells.data() || !code)
    return Error::no_memory;
  Translation translation(program, environment);
  for (size_t i = 0; i < cells.size(); i++) {
    if (translation.is_faultable_load(i) && !environment.read_kernel)
      return Error::not_supported;
    cells[i] = translation.cell(i);
  }
  return static_cast<const InterpreterCode *>(code);
}

} // namespace kbpf
