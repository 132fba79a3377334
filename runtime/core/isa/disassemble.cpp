// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/isa/disassemble.h"

namespace kbpf {
namespace {

class Printer {
public:
  Printer(TextSink &sink, std::span<const Insn> rest) : sink_(sink), insn_(rest[0]), rest_(rest) {}

  void insn() {
    switch (insn_.cls()) {
    case KBPF_CLASS_LD:
      return wide_load();
    case KBPF_CLASS_LDX:
      return load();
    case KBPF_CLASS_ST:
    case KBPF_CLASS_STX:
      return store();
    case KBPF_CLASS_ALU:
    case KBPF_CLASS_ALU64:
      return alu();
    default:
      return jump();
    }
  }

private:
  void reg(char letter, unsigned number) { print(sink_, "{}{}", letter, number); }
  void dst() { reg(register_letter(), insn_.dst()); }
  void operand() { // source register or immediate
    if (insn_.src_is_reg())
      reg(register_letter(), insn_.src());
    else
      append_signed(sink_, insn_.imm);
  }
  char register_letter() const {
    return insn_.cls() == KBPF_CLASS_ALU || insn_.cls() == KBPF_CLASS_JMP32 ? 'w' : 'r';
  }
  void signed_offset(int64_t offset) {
    print(sink_, offset < 0 ? "- {}" : "+ {}", offset < 0 ? -offset : offset);
  }
  void address(unsigned base) { // (r1 + 8)
    print(sink_, "(r{} ", base);
    signed_offset(insn_.off);
    sink_.append(")");
  }
  void memory(char sign, unsigned base) { // *(u64 *)(r1 + 8)
    print(sink_, "*({}{} *)", sign, insn_.access_bytes() * 8);
    address(base);
  }
  void invalid() {
    print(sink_, "invalid (opcode {x}, dst {}, src {}, off {}, imm {})", insn_.opcode, insn_.dst(),
          insn_.src(), insn_.off, insn_.imm);
  }

  void wide_load() {
    if (!insn_.is_ld_imm64() || rest_.size() < 2)
      return invalid();
    uint32_t low = static_cast<uint32_t>(insn_.imm), high = static_cast<uint32_t>(rest_[1].imm);
    dst();
    switch (insn_.src()) {
    case 0:
      return print(sink_, " = {x} ll", static_cast<uint64_t>(high) << 32 | low);
    case KBPF_PSEUDO_MAP_FD:
      return print(sink_, " = map_fd {}", low);
    case KBPF_PSEUDO_MAP_VALUE:
      return print(sink_, " = map_fd {} value + {}", low, high);
    case KBPF_PSEUDO_MAP_IDX:
      return print(sink_, " = map {}", low);
    case KBPF_PSEUDO_MAP_IDX_VALUE:
      return print(sink_, " = map {} value + {}", low, high);
    case KBPF_PSEUDO_FUNC:
      return print(sink_, " = function {}", static_cast<int32_t>(low));
    case KBPF_PSEUDO_BTF_ID:
      return print(sink_, " = btf_id {}", low);
    case KBPF_PSEUDO_ZCORE_FD_SLOT:
      return print(sink_, " = fd_slot {}", low);
    default:
      return print(sink_, " = pseudo {} {x} {x}", insn_.src(), low, high);
    }
  }

  void load() {
    if (insn_.mode() != KBPF_MODE_MEM && insn_.mode() != KBPF_MODE_MEMSX)
      return invalid();
    reg('r', insn_.dst());
    sink_.append(" = ");
    memory(insn_.mode() == KBPF_MODE_MEM ? 'u' : 's', insn_.src());
  }

  void store() {
    if (insn_.cls() == KBPF_CLASS_STX && insn_.mode() == KBPF_MODE_ATOMIC)
      return atomic();
    if (insn_.mode() != KBPF_MODE_MEM)
      return invalid();
    memory('u', insn_.dst());
    if (insn_.cls() == KBPF_CLASS_STX)
      print(sink_, " = r{}", insn_.src());
    else
      print(sink_, " = {}", insn_.imm);
  }

  void atomic() {
    char letter = insn_.size() == KBPF_SIZE_W ? 'w' : 'r';
    const char *suffix = insn_.size() == KBPF_SIZE_W ? "32" : "64";
    auto exchange = [&](std::string_view name, bool with_r0) {
      reg(letter, with_r0 ? 0 : insn_.src());
      print(sink_, " = {}{}_{}(r{} ", name, insn_.size() == KBPF_SIZE_W ? "32" : "", suffix, insn_.dst());
      signed_offset(insn_.off);
      if (with_r0)
        print(sink_, ", {}0", letter);
      print(sink_, ", {}{})", letter, insn_.src());
    };
    if (insn_.imm == KBPF_ATOMIC_XCHG)
      return exchange("xchg", false);
    if (insn_.imm == KBPF_ATOMIC_CMPXCHG)
      return exchange("cmpxchg", true);
    const char *sign, *name;
    switch (insn_.imm & ~KBPF_ATOMIC_FETCH) {
    case KBPF_ATOMIC_ADD:
      sign = "+", name = "add";
      break;
    case KBPF_ATOMIC_OR:
      sign = "|", name = "or";
      break;
    case KBPF_ATOMIC_AND:
      sign = "&", name = "and";
      break;
    case KBPF_ATOMIC_XOR:
      sign = "^", name = "xor";
      break;
    default:
      return invalid();
    }
    if (insn_.imm & KBPF_ATOMIC_FETCH) {
      print(sink_, "{}{} = atomic_fetch_{}((u{} *)", letter, insn_.src(), name, suffix);
      address(insn_.dst());
      print(sink_, ", {}{})", letter, insn_.src());
      return;
    }
    sink_.append("lock ");
    memory('u', insn_.dst());
    print(sink_, " {}= {}{}", sign, letter, insn_.src());
  }

  void alu() {
    switch (insn_.code()) {
    case KBPF_ALU_END: {
      const char *name = insn_.cls() == KBPF_CLASS_ALU64 ? "bswap" : insn_.src_is_reg() ? "be" : "le";
      return print(sink_, "r{} = {}{} r{}", insn_.dst(), name, insn_.imm, insn_.dst());
    }
    case KBPF_ALU_NEG:
      dst();
      sink_.append(" = -");
      return dst();
    case KBPF_ALU_MOV:
      dst();
      sink_.append(" = ");
      if (insn_.off != 0)
        print(sink_, "(s{})", insn_.off);
      return operand();
    default:
      break;
    }
    const char *sign = operator_sign();
    if (!sign)
      return invalid();
    dst();
    print(sink_, " {}{}= ", is_division() && insn_.off == 1 ? "s" : "", sign);
    operand();
  }
  bool is_division() const { return insn_.code() == KBPF_ALU_DIV || insn_.code() == KBPF_ALU_MOD; }
  const char *operator_sign() const {
    switch (insn_.code()) {
    case KBPF_ALU_ADD:
      return "+";
    case KBPF_ALU_SUB:
      return "-";
    case KBPF_ALU_MUL:
      return "*";
    case KBPF_ALU_DIV:
      return "/";
    case KBPF_ALU_OR:
      return "|";
    case KBPF_ALU_AND:
      return "&";
    case KBPF_ALU_LSH:
      return "<<";
    case KBPF_ALU_RSH:
      return ">>";
    case KBPF_ALU_MOD:
      return "%";
    case KBPF_ALU_XOR:
      return "^";
    case KBPF_ALU_ARSH:
      return "s>>";
    default:
      return nullptr;
    }
  }

  void jump() {
    bool is_64 = insn_.cls() == KBPF_CLASS_JMP;
    switch (insn_.code()) {
    case KBPF_JMP_JA:
      sink_.append(is_64 ? "goto " : "gotol ");
      return target(is_64 ? insn_.off : insn_.imm);
    case KBPF_JMP_CALL:
      if (!is_64 || insn_.src_is_reg())
        return invalid();
      if (insn_.src() == 0)
        return print(sink_, "call {}", insn_.imm);
      if (insn_.src() == KBPF_PSEUDO_KFUNC_CALL)
        return print(sink_, "call kfunc {}", insn_.imm);
      sink_.append("call pc");
      return target(insn_.imm);
    case KBPF_JMP_EXIT:
      return is_64 ? sink_.append("exit") : invalid();
    default:
      break;
    }
    const char *comparison = comparison_sign();
    if (!comparison)
      return invalid();
    sink_.append("if ");
    dst();
    print(sink_, " {} ", comparison);
    operand();
    sink_.append(" goto ");
    target(insn_.off);
  }
  void target(int32_t distance) {
    sink_.append(distance < 0 ? "" : "+");
    append_signed(sink_, distance);
  }
  const char *comparison_sign() const {
    switch (insn_.code()) {
    case KBPF_JMP_JEQ:
      return "==";
    case KBPF_JMP_JGT:
      return ">";
    case KBPF_JMP_JGE:
      return ">=";
    case KBPF_JMP_JSET:
      return "&";
    case KBPF_JMP_JNE:
      return "!=";
    case KBPF_JMP_JSGT:
      return "s>";
    case KBPF_JMP_JSGE:
      return "s>=";
    case KBPF_JMP_JLT:
      return "<";
    case KBPF_JMP_JLE:
      return "<=";
    case KBPF_JMP_JSLT:
      return "s<";
    case KBPF_JMP_JSLE:
      return "s<=";
    default:
      return nullptr;
    }
  }

  TextSink &sink_;
  const Insn insn_;
  std::span<const Insn> rest_;
};

} // namespace

void disassemble(TextSink &sink, std::span<const Insn> insns, size_t index) {
  Printer(sink, insns.subspan(index)).insn();
}

} // namespace kbpf
