// SPDX-License-Identifier: MIT OR Apache-2.0
// The structural check of encodings, tried with every opcode, and the disassembler's notation.
#include "core/isa/disassemble.h"
#include "core/isa/encoding.h"
#include "image_bytes.h"
#include "insn_builders.h"
#include <gtest/gtest.h>
#include <set>

namespace kbpf::test {
namespace {

// The opcodes of RFC 9669's groups base32, base64, atomic32, atomic64, divmul32 and divmul64 (appendix A).
std::set<unsigned> rfc_opcodes() {
  std::set<unsigned> all;
  for (unsigned cls : {KBPF_CLASS_ALU, KBPF_CLASS_ALU64})
    for (unsigned code = 0; code <= KBPF_ALU_ARSH; code += 0x10) {
      all.insert(cls | code | KBPF_SRC_K);
      if (code != KBPF_ALU_NEG)
        all.insert(cls | code | KBPF_SRC_X);
    }
  for (unsigned opcode : {0xd4, 0xdc, 0xd7}) // le, be, bswap
    all.insert(opcode);
  for (unsigned cls : {KBPF_CLASS_JMP, KBPF_CLASS_JMP32}) {
    all.insert(cls | KBPF_JMP_JA);
    for (unsigned code = KBPF_JMP_JEQ; code <= KBPF_JMP_JSLE; code += 0x10)
      if (code != KBPF_JMP_CALL && code != KBPF_JMP_EXIT) {
        all.insert(cls | code | KBPF_SRC_K);
        all.insert(cls | code | KBPF_SRC_X);
      }
  }
  all.insert(KBPF_OP_CALL);
  all.insert(KBPF_OP_EXIT);
  for (unsigned size : {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W, KBPF_SIZE_DW}) {
    all.insert(KBPF_CLASS_LDX | KBPF_MODE_MEM | size);
    all.insert(KBPF_CLASS_ST | KBPF_MODE_MEM | size);
    all.insert(KBPF_CLASS_STX | KBPF_MODE_MEM | size);
    if (size != KBPF_SIZE_DW)
      all.insert(KBPF_CLASS_LDX | KBPF_MODE_MEMSX | size);
  }
  all.insert(KBPF_CLASS_STX | KBPF_MODE_ATOMIC | KBPF_SIZE_W);
  all.insert(KBPF_CLASS_STX | KBPF_MODE_ATOMIC | KBPF_SIZE_DW);
  for (unsigned size : {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W})
    for (unsigned mode : {KBPF_MODE_ABS, KBPF_MODE_IND})
      all.insert(KBPF_CLASS_LD | mode | size);
  all.insert(KBPF_CLASS_JMP | KBPF_JMP_JCOND); // may_goto, Linux's
  return all;
}

TEST(Encoding, AcceptsExactlyTheOpcodesOfTheRfcAndMayGoto) {
  std::set<unsigned> known = rfc_opcodes();
  for (unsigned opcode = 0; opcode < 256; opcode++) {
    if (opcode == KBPF_OP_LD_IMM64)
      continue; // two slots: below
    unsigned cls = opcode & 7;
    bool swap = (opcode & 0xf0) == KBPF_ALU_END && (cls == KBPF_CLASS_ALU || cls == KBPF_CLASS_ALU64);
    bool may_goto = opcode == (KBPF_CLASS_JMP | KBPF_JMP_JCOND);
    Insn insn = make_insn(opcode, 0, 0, may_goto ? 1 : 0, swap ? 16 : 0);
    Insn code[] = {insn, exit_insn(), exit_insn()};
    EXPECT_EQ(!check_encoding(code), known.contains(opcode)) << std::hex << opcode;
  }
}

TEST(Encoding, RefusesEachReservedFieldThatIsSet) {
  const Insn kCases[] = {
      make_insn(0xb7, 0, 1, 0, 0),  // mov imm: src
      make_insn(0xb7, 0, 0, 8, 0),  // mov imm: off
      make_insn(0xbf, 0, 1, 0, 5),  // mov reg: imm
      make_insn(0xbf, 0, 1, 7, 0),  // mov reg: off that no width has
      make_insn(0xbc, 0, 1, 32, 0), // 32-bit move extending from 32
      make_insn(0x07, 0, 0, 1, 0),  // add: off
      make_insn(0x37, 0, 0, 2, 1),  // div: off
      make_insn(0x87, 0, 1, 0, 0),  // neg: src
      make_insn(0x87, 0, 0, 0, 1),  // neg: imm
      make_insn(0xd4, 0, 0, 0, 24), // le: width
      make_insn(0xd7, 0, 1, 0, 16), // bswap: src
      make_insn(0x05, 1, 0, 0, 0),  // goto: dst
      make_insn(0x05, 0, 0, 0, 1),  // goto: imm
      make_insn(0x06, 0, 0, 1, 0),  // gotol: off
      make_insn(0x15, 0, 1, 0, 0),  // jeq imm: src
      make_insn(0x1d, 0, 1, 0, 1),  // jeq reg: imm
      make_insn(0x85, 1, 0, 0, 1),  // call: dst
      make_insn(0x85, 0, 0, 1, 1),  // call: off
      make_insn(0x85, 0, 3, 0, 1),  // call: kind
      make_insn(0x95, 0, 0, 0, 1),  // exit: imm
      make_insn(0x79, 0, 1, 0, 1),  // load: imm
      make_insn(0x7a, 0, 1, 0, 1),  // store imm: src
      make_insn(0x7b, 0, 1, 0, 1),  // store reg: imm
      make_insn(0xdb, 0, 1, 0, 2),  // atomic: unknown operation
      make_insn(0xd3, 0, 1, 0, 0),  // atomic: byte
      make_insn(0xbf, 11, 1, 0, 0), // no such register
      make_insn(0xbf, 1, 12, 0, 0),
  };
  for (const Insn &insn : kCases) {
    Insn code[] = {mov64_imm(R0, 0), insn, exit_insn()};
    std::optional<EncodingFault> fault = check_encoding(code);
    ASSERT_TRUE(fault) << std::hex << +insn.opcode;
    EXPECT_EQ(fault->insn, 1u);
    EXPECT_FALSE(fault->reason.empty());
  }
}

// What RFC 9669 says of the fields of each instruction (sections 4 and 5, and the registry of instructions
// that it begins), beside what Linux adds: load-acquire, store-release, may_goto; and, not verifiable, callx.
// Written from the text, and so that it looks like it: bits 3 to 7 of the opcode are source and code, or mode
// and size.
bool is_well_formed(const Insn &insn) {
  const unsigned cls = insn.opcode & 7, code = insn.opcode >> 4, dst = insn.regs & 15, src = insn.regs >> 4;
  const bool by_register = insn.opcode & 8, no_off = insn.off == 0, no_imm = insn.imm == 0, wide = cls == 7;
  const unsigned size = insn.opcode & 0x18, mode = insn.opcode & 0xe0;
  constexpr unsigned kWord = 0x00, kDouble = 0x18, kRegisters = 11;
  const bool registers = dst < kRegisters && src < kRegisters, no_registers = dst == 0 && src == 0;
  const bool operands = registers && (by_register ? no_imm : src == 0);
  switch (cls) {
  case 0: // LD
    if (insn.opcode == 0x18)
      return dst < kRegisters && (src <= 6 || src == KBPF_PSEUDO_ZCORE_FD_SLOT) && no_off;
    if (size == kDouble || (mode != 0x20 && mode != 0x40))
      return false;
    return dst == 0 && no_off && (mode == 0x20 ? src == 0 : src < kRegisters);
  case 1: // LDX
    return registers && no_imm && (mode == 0x60 || (mode == 0x80 && size != kDouble));
  case 2: // ST
    return registers && mode == 0x60 && src == 0;
  case 3: { // STX
    if (mode == 0x60)
      return registers && no_imm;
    static const std::set<int> kOrdered = {0x100, 0x110},
                               kOthers = {0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1};
    bool known =
        kOrdered.contains(insn.imm) || ((size == kWord || size == kDouble) && kOthers.contains(insn.imm));
    return registers && mode == 0xc0 && known;
  }
  case 4:
  case 7: // ALU, ALU64
    switch (code) {
    case 0x3:
    case 0x9:
      return operands && (insn.off == 0 || insn.off == 1);
    case 0x8:
      return operands && !by_register && no_off && no_imm;
    case 0xb:
      return operands &&
             (no_off || (by_register && (insn.off == 8 || insn.off == 16 || (wide && insn.off == 32))));
    case 0xd:
      return registers && src == 0 && no_off && !(wide && by_register) &&
             (insn.imm == 16 || insn.imm == 32 || insn.imm == 64);
    default:
      return code <= 0xc && operands && no_off;
    }
  default: // JMP, JMP32
    switch (code) {
    case 0x0:
      return !by_register && no_registers && (cls == 5 ? no_imm : no_off);
    case 0x8:
      if (cls == 5 && by_register)
        return dst < kRegisters && src == 0 && no_off && no_imm; // callx
      return cls == 5 && dst == 0 && src <= 2 && (src == 2 || no_off);
    case 0x9:
      return cls == 5 && !by_register && no_registers && no_off && no_imm;
    case 0xe: // may_goto, which Linux refuses where it goes on with the next instruction
      return cls == 5 && !by_register && no_registers && no_imm && !no_off;
    default:
      return code != 0xf && operands;
    }
  }
}

// In the middle of a program that every jump of these tests stays in.
bool is_accepted(const Insn &insn) {
  constexpr size_t kPlace = 40;
  static std::vector<Insn> program(600, mov64_imm(R0, 0));
  program.back() = exit_insn();
  program[kPlace] = insn;
  program[kPlace + 1] = insn.opcode == KBPF_OP_LD_IMM64 ? Insn{} : mov64_imm(R0, 0);
  return !check_encoding(program, true);
}

void expect_as_the_rfc_says(const Insn &insn) {
  if (insn.opcode == KBPF_OP_LD_IMM64 || is_accepted(insn) != is_well_formed(insn))
    ASSERT_EQ(is_accepted(insn), is_well_formed(insn))
        << std::hex << "opcode " << +insn.opcode << " regs " << +insn.regs << " off " << insn.off << " imm "
        << insn.imm;
}

TEST(Encoding, AcceptsEveryPairOfRegistersThatTheRfcHasAndNoOther) {
  for (unsigned opcode = 0; opcode < 256; opcode++)
    for (unsigned regs = 0; regs < 256; regs++)
      expect_as_the_rfc_says({static_cast<uint8_t>(opcode), static_cast<uint8_t>(regs), 0, 0});
}

TEST(Encoding, AcceptsEveryOffsetAndImmediateThatTheRfcHasAndNoOther) {
  constexpr int16_t kOffsets[] = {0, 1, 2, 7, 8, 16, 32, 64, -1};
  constexpr int32_t kImmediates[] = {0,    1,    2,    8,     16,    24,    32,    64,
                                     0x40, 0x41, 0x50, 0x51,  0x60,  0xa0,  0xa1,  0xe0,
                                     0xe1, 0xf0, 0xf1, 0x100, 0x101, 0x110, 0x111, -1};
  for (unsigned opcode = 0; opcode < 256; opcode++)
    for (uint8_t regs : {0x00, 0x01, 0x10, 0x20, 0x21, 0x30, 0x0a, 0xb0})
      for (int16_t off : kOffsets)
        for (int32_t imm : kImmediates)
          expect_as_the_rfc_says({static_cast<uint8_t>(opcode), regs, off, imm});
}

TEST(Encoding, ChecksBothHalvesOfAWideInstruction) {
  EXPECT_FALSE(check_encoding(assemble({ld_imm64(R1, 5), exit_insn()})));
  std::vector<Insn> code = assemble({ld_imm64(R1, 5), exit_insn()});
  code[1].off = 1;
  EXPECT_TRUE(check_encoding(code));
  for (Insn second : {make_insn(0, 1, 0, 0, 0), make_insn(0, 0, 1, 0, 0), make_insn(0, 0, 0, -1, 0),
                      make_insn(0xb7, 0, 0, 0, 0), make_insn(0x18, 0, 0, 0, 0)}) {
    code[1] = second;
    EXPECT_TRUE(check_encoding(code)) << +second.opcode;
  }
  // A map's address takes one immediate only, its values' two.
  for (unsigned source : {KBPF_PSEUDO_MAP_FD, KBPF_PSEUDO_MAP_IDX}) {
    EXPECT_FALSE(check_encoding(assemble({ld_imm64_from(source, R1, 3, 0), exit_insn()})));
    EXPECT_TRUE(check_encoding(assemble({ld_imm64_from(source, R1, 3, 1), exit_insn()}))) << source;
  }
  for (unsigned source : {KBPF_PSEUDO_MAP_VALUE, KBPF_PSEUDO_MAP_IDX_VALUE})
    EXPECT_FALSE(check_encoding(assemble({ld_imm64_from(source, R1, 3, 8), exit_insn()})));
  code = assemble({ld_imm64(R1, 5)});
  code.pop_back();
  EXPECT_TRUE(check_encoding(code)) << "cut off";
  EXPECT_TRUE(check_encoding(assemble({ld_imm64_from(9, R1, 0, 0), exit_insn()})))
      << "unknown pseudo register";
}

TEST(Encoding, JumpsMayGoToTheFirstAndTheLastInstructionButNoFurther) {
  EXPECT_FALSE(check_encoding(std::vector{ja(1), ja(-2), exit_insn()}));
  EXPECT_TRUE(check_encoding(std::vector{ja(2), exit_insn()}));
  EXPECT_TRUE(check_encoding(std::vector{ja(-2), exit_insn()}));
  EXPECT_TRUE(check_encoding(std::vector{gotol(0x7fffffff), exit_insn()}));
  // Nor into the middle of a wide instruction, by any kind of jump or call.
  for (const Insn &jump : {ja(1), gotol(1), jump_imm(KBPF_JMP_JEQ, R0, 0, 1),
                           jump_reg(KBPF_JMP_JSLT, R0, R0, 1), call_subprogram(1), may_goto(1)}) {
    std::vector<Insn> code = assemble({jump, ld_imm64(R0, 1), exit_insn()});
    std::optional<EncodingFault> fault = check_encoding(code);
    ASSERT_TRUE(fault) << +jump.opcode;
    EXPECT_EQ(fault->reason, "jumps into the middle of ld_imm64");
  }
  EXPECT_TRUE(check_encoding(std::vector{call_subprogram(-0x7fffffff - 1), exit_insn()}));
  // Of several faults the first one is told, those of an instruction by itself before others.
  const std::vector jumps{ja(7), ja(-9), exit_insn()};
  EXPECT_EQ(check_encoding(jumps)->insn, 0u);
  const std::vector malformed{ja(7), make_insn(KBPF_OP_EXIT, 1, 0, 0, 0), exit_insn()};
  EXPECT_EQ(check_encoding(malformed)->insn, 1u);
}

std::string text_of(std::initializer_list<Slots> code) {
  StringSink sink;
  disassemble(sink, assemble(code), 0);
  return sink.text();
}

TEST(Disassembler, WritesEachFormAsLlvmDoes) {
  EXPECT_EQ(text_of({mov64_imm(R1, -5)}), "r1 = -5");
  EXPECT_EQ(text_of({mov32_reg(R1, R2)}), "w1 = w2");
  EXPECT_EQ(text_of({movsx64_reg(R1, R2, 8)}), "r1 = (s8)r2");
  EXPECT_EQ(text_of({add64_imm(R10, -16)}), "r10 += -16");
  EXPECT_EQ(text_of({alu32_reg(KBPF_ALU_ARSH, R3, R4)}), "w3 s>>= w4");
  EXPECT_EQ(text_of({alu64_imm(KBPF_ALU_DIV, R3, 7, 1)}), "r3 s/= 7");
  EXPECT_EQ(text_of({neg64(R2)}), "r2 = -r2");
  EXPECT_EQ(text_of({to_be(R2, 32)}), "r2 = be32 r2");
  EXPECT_EQ(text_of({bswap(R2, 64)}), "r2 = bswap64 r2");
  EXPECT_EQ(text_of({load(KBPF_SIZE_DW, R1, R6, 8)}), "r1 = *(u64 *)(r6 + 8)");
  EXPECT_EQ(text_of({load_signed(KBPF_SIZE_H, R1, R6, -8)}), "r1 = *(s16 *)(r6 - 8)");
  EXPECT_EQ(text_of({store_reg(KBPF_SIZE_W, R10, -4, R1)}), "*(u32 *)(r10 - 4) = r1");
  EXPECT_EQ(text_of({store_imm(KBPF_SIZE_B, R1, 0, 7)}), "*(u8 *)(r1 + 0) = 7");
  EXPECT_EQ(text_of({ld_imm64(R1, 0x1122334455667788)}), "r1 = 0x1122334455667788 ll");
  EXPECT_EQ(text_of({ld_map(R1, 3)}), "r1 = map 3");
  EXPECT_EQ(text_of({ld_map_value(R1, 3, 8)}), "r1 = map 3 value + 8");
  EXPECT_EQ(text_of({jump_imm(KBPF_JMP_JSGE, R1, 5, 4)}), "if r1 s>= 5 goto +4");
  EXPECT_EQ(text_of({jump32_reg(KBPF_JMP_JSET, R1, R2, -4)}), "if w1 & w2 goto -4");
  EXPECT_EQ(text_of({ja(3)}), "goto +3");
  EXPECT_EQ(text_of({gotol(-3)}), "gotol -3");
  EXPECT_EQ(text_of({call_helper(6)}), "call 6");
  EXPECT_EQ(text_of({call_subprogram(9)}), "call pc+9");
  EXPECT_EQ(text_of({exit_insn()}), "exit");
  EXPECT_EQ(text_of({atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 8, R2)}), "lock *(u64 *)(r1 + 8) += r2");
  EXPECT_EQ(text_of({atomic(KBPF_SIZE_W, KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH, R1, 0, R2)}),
            "w2 = atomic_fetch_or((u32 *)(r1 + 0), w2)");
  EXPECT_EQ(text_of({atomic(KBPF_SIZE_DW, KBPF_ATOMIC_XCHG, R1, 0, R2)}), "r2 = xchg_64(r1 + 0, r2)");
  EXPECT_EQ(text_of({atomic(KBPF_SIZE_W, KBPF_ATOMIC_CMPXCHG, R1, -4, R2)}),
            "w0 = cmpxchg32_32(r1 - 4, w0, w2)");
}

TEST(Disassembler, GivesTextForEveryByte) {
  for (unsigned opcode = 0; opcode < 256; opcode++) {
    StringSink sink;
    Insn code[] = {make_insn(opcode, 15, 15, -1, -1)};
    disassemble(sink, code, 0);
    EXPECT_FALSE(sink.text().empty());
  }
}

} // namespace
} // namespace kbpf::test
