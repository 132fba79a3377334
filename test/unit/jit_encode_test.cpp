// SPDX-License-Identifier: MIT OR Apache-2.0
// Each encoding of the JIT against LLVM's assembler: the test writes assembly text beside its own bits, lets
// llvm-mc assemble the text, and compares.
#include "core/jit/rv64/encode.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace kbpf::rv64 {
namespace {

const char *name(Reg reg) {
  static const char *const kNames[] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                       "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                       "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
  return kNames[reg];
}

// add_uw and or_ are add.uw and or.
std::string mnemonic(std::string identifier) {
  if (identifier.back() == '_')
    identifier.pop_back();
  for (char &c : identifier)
    if (c == '_')
      c = '.';
  return identifier;
}

class Sheet {
public:
  explicit Sheet(const char *option) { text_ << ".option " << option << "\n"; }

  // operands: printf format.
  template <typename... Args>
  void line(uint32_t bits, unsigned bytes, const std::string &mnemonic, const char *operands, Args... args) {
    char buffer[96];
    snprintf(buffer, sizeof buffer, operands, args...);
    text_ << mnemonic << " " << buffer << "\n";
    lines_.push_back({mnemonic + " " + buffer, bits, bytes});
  }

  void check() const {
    std::string path = testing::TempDir() + "encode_" + std::to_string(getpid()) + ".s";
    std::ofstream(path) << text_.str();
    std::string command =
        std::string(KBPF_LLVM_MC) + " -triple=riscv64 -mattr=+m,+a,+c,+zba,+zbb -show-encoding " + path;
    FILE *pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::vector<std::pair<uint32_t, unsigned>> assembled;
    char buffer[256];
    while (fgets(buffer, sizeof buffer, pipe)) {
      std::string line = buffer;
      size_t at = line.find("encoding: [");
      if (at == std::string::npos)
        continue;
      uint32_t bits = 0;
      unsigned bytes = 0;
      for (at += 11; line.compare(at, 2, "0x") == 0; at += 5)
        bits |= static_cast<uint32_t>(strtoul(line.substr(at, 4).c_str(), nullptr, 16)) << (8 * bytes++);
      assembled.emplace_back(bits, bytes);
    }
    EXPECT_EQ(pclose(pipe), 0);
    unlink(path.c_str());
    ASSERT_EQ(assembled.size(), lines_.size());
    for (size_t i = 0; i < lines_.size(); i++) {
      EXPECT_EQ(lines_[i].bits, assembled[i].first) << lines_[i].text;
      EXPECT_EQ(lines_[i].bytes, assembled[i].second) << lines_[i].text;
    }
  }

private:
  struct Line {
    std::string text;
    uint32_t bits;
    unsigned bytes;
  };
  std::ostringstream text_;
  std::vector<Line> lines_;
};

constexpr Reg kRegs[] = {ra, t0, s1, a5, s2, t6};
constexpr Reg kNarrow[] = {s0, s1, a0, a3, a5};

TEST(JitEncode, RegisterForms) {
  Sheet sheet("norvc");
  for (Reg rd : kRegs)
    for (Reg rs1 : kRegs)
      for (Reg rs2 : kRegs) {
#define KBPF_CASE(op, ...)                                                                                   \
  sheet.line(encode::op(rd, rs1, rs2), 4, mnemonic(#op), "%s, %s, %s", name(rd), name(rs1), name(rs2));
        KBPF_RV64_R_TYPE(KBPF_CASE)
#undef KBPF_CASE
      }
  for (Reg rd : kRegs)
    for (Reg rs1 : kRegs) {
#define KBPF_CASE(op, ...) sheet.line(encode::op(rd, rs1), 4, mnemonic(#op), "%s, %s", name(rd), name(rs1));
      KBPF_RV64_UNARY(KBPF_CASE)
#undef KBPF_CASE
    }
  sheet.check();
}

TEST(JitEncode, ImmediateForms) {
  Sheet sheet("norvc");
  for (Reg rd : kRegs)
    for (Reg rs1 : kRegs) {
      for (int imm : {-2048, -1, 0, 1, 5, 2047}) {
#define KBPF_CASE(op, ...)                                                                                   \
  sheet.line(encode::op(rd, rs1, imm), 4, #op, "%s, %s, %d", name(rd), name(rs1), imm);
        KBPF_RV64_I_TYPE(KBPF_CASE)
#undef KBPF_CASE
#define KBPF_CASE(op, ...)                                                                                   \
  sheet.line(encode::op(rd, rs1, imm), 4, #op, "%s, %d(%s)", name(rd), imm, name(rs1));
        KBPF_RV64_LOADS(KBPF_CASE)
        KBPF_RV64_STORES(KBPF_CASE)
        KBPF_CASE(jalr)
#undef KBPF_CASE
      }
      for (unsigned count : {1u, 31u}) {
#define KBPF_CASE(op, ...)                                                                                   \
  sheet.line(encode::op(rd, rs1, count), 4, #op, "%s, %s, %u", name(rd), name(rs1), count);
        KBPF_RV64_SHIFTS(KBPF_CASE)
#undef KBPF_CASE
      }
    }
  sheet.line(encode::slli(a0, a1, 63), 4, "slli", "%s", "a0, a1, 63");
  sheet.line(encode::srai(a0, a1, 32), 4, "srai", "%s", "a0, a1, 32");
  for (unsigned upper : {0u, 1u, 0x7ffffu, 0x80000u, 0xfffffu}) {
    sheet.line(encode::lui(t1, upper), 4, "lui", "t1, %u", upper);
    sheet.line(encode::auipc(t1, upper), 4, "auipc", "t1, %u", upper);
  }
  sheet.check();
}

TEST(JitEncode, Transfers) {
  Sheet sheet("norvc");
  for (int distance : {-4096, -2050, -2, 0, 2, 8, 30, 1024, 2048, 4094})
    for (Reg rs1 : kRegs)
      for (Reg rs2 : kRegs) {
#define KBPF_CASE(op, ...)                                                                                   \
  sheet.line(encode::op(rs1, rs2, distance), 4, #op, "%s, %s, %d", name(rs1), name(rs2), distance);
        KBPF_RV64_BRANCHES(KBPF_CASE)
#undef KBPF_CASE
      }
  for (int distance : {-1048576, -4096, -2, 0, 2, 2048, 4096, 524288, 1048574})
    for (Reg rd : {zero, ra})
      sheet.line(encode::jal(rd, distance), 4, "jal", "%s, %d", name(rd), distance);
  sheet.check();
}

TEST(JitEncode, AtomicsAndFences) {
  Sheet sheet("norvc");
  const char *const kOrders[] = {"", ".rl", ".aq", ".aqrl"};
  for (uint32_t order = 0; order < 4; order++)
    for (bool is64 : {false, true}) {
      std::string suffix = std::string(is64 ? ".d" : ".w") + kOrders[order];
      for (Reg rd : {zero, a5})
        for (Reg rs2 : kRegs) {
#define KBPF_CASE(op, ...)                                                                                   \
  sheet.line(encode::op(is64, order, rd, rs2, t0), 4, #op + suffix, "%s, %s, (t0)", name(rd), name(rs2));
          KBPF_RV64_AMOS(KBPF_CASE)
          KBPF_CASE(sc)
#undef KBPF_CASE
        }
      sheet.line(encode::lr(is64, order, t2, a1), 4, "lr" + suffix, "%s", "t2, (a1)");
    }
  sheet.line(encode::rdtime(a5), 4, "rdtime", "%s", name(a5));
  sheet.line(encode::fence(encode::kRead, encode::kRead | encode::kWrite), 4, "fence", "%s", "r, rw");
  sheet.line(encode::fence(encode::kRead | encode::kWrite, encode::kWrite), 4, "fence", "%s", "rw, w");
  sheet.check();
}

TEST(JitEncode, CompressedArithmetic) {
  Sheet sheet("rvc");
  for (Reg rd : kRegs) {
    for (int imm : {-32, -1, 1, 31}) {
      sheet.line(encode::c_addi(rd, imm), 2, "c.addi", "%s, %d", name(rd), imm);
      sheet.line(encode::c_addiw(rd, imm), 2, "c.addiw", "%s, %d", name(rd), imm);
      sheet.line(encode::c_li(rd, imm), 2, "c.li", "%s, %d", name(rd), imm);
      sheet.line(encode::c_lui(rd, imm), 2, "c.lui", "%s, %d", name(rd), imm & 0xfffff);
    }
    sheet.line(encode::c_addiw(rd, 0), 2, "c.addiw", "%s, 0", name(rd));
    sheet.line(encode::c_li(rd, 0), 2, "c.li", "%s, 0", name(rd));
    for (unsigned count : {1u, 31u, 32u, 63u})
      sheet.line(encode::c_slli(rd, count), 2, "c.slli", "%s, %u", name(rd), count);
    sheet.line(encode::c_jr(rd), 2, "c.jr", "%s", name(rd));
    sheet.line(encode::c_jalr(rd), 2, "c.jalr", "%s", name(rd));
    for (Reg rs2 : kRegs) {
      sheet.line(encode::c_mv(rd, rs2), 2, "c.mv", "%s, %s", name(rd), name(rs2));
      sheet.line(encode::c_add(rd, rs2), 2, "c.add", "%s, %s", name(rd), name(rs2));
    }
  }
  for (Reg rd : kNarrow) {
    for (unsigned count : {1u, 31u, 32u, 63u}) {
      sheet.line(encode::c_srli(rd, count), 2, "c.srli", "%s, %u", name(rd), count);
      sheet.line(encode::c_srai(rd, count), 2, "c.srai", "%s, %u", name(rd), count);
    }
    for (int imm : {-32, -1, 0, 31})
      sheet.line(encode::c_andi(rd, imm), 2, "c.andi", "%s, %d", name(rd), imm);
    for (int imm : {4, 8, 16, 32, 64, 512, 1020})
      sheet.line(encode::c_addi4spn(rd, imm), 2, "c.addi4spn", "%s, sp, %d", name(rd), imm);
    for (Reg rs2 : kNarrow) {
#define KBPF_CASE(op) sheet.line(encode::op(rd, rs2), 2, mnemonic(#op), "%s, %s", name(rd), name(rs2));
      KBPF_CASE(c_sub)
      KBPF_CASE(c_xor)
      KBPF_CASE(c_or)
      KBPF_CASE(c_and)
      KBPF_CASE(c_subw)
      KBPF_CASE(c_addw)
#undef KBPF_CASE
    }
  }
  for (int imm : {-512, -64, -16, 16, 32, 64, 128, 256, 496})
    sheet.line(encode::c_addi16sp(imm), 2, "c.addi16sp", "sp, %d", imm);
  sheet.check();
}

TEST(JitEncode, CompressedMemory) {
  Sheet sheet("rvc");
  for (Reg value : kNarrow)
    for (Reg base : kNarrow) {
      for (int offset : {0, 4, 8, 16, 32, 64, 124}) {
        sheet.line(encode::c_lw(value, base, offset), 2, "c.lw", "%s, %d(%s)", name(value), offset,
                   name(base));
        sheet.line(encode::c_sw(value, base, offset), 2, "c.sw", "%s, %d(%s)", name(value), offset,
                   name(base));
      }
      for (int offset : {0, 8, 16, 32, 64, 128, 248}) {
        sheet.line(encode::c_ld(value, base, offset), 2, "c.ld", "%s, %d(%s)", name(value), offset,
                   name(base));
        sheet.line(encode::c_sd(value, base, offset), 2, "c.sd", "%s, %d(%s)", name(value), offset,
                   name(base));
      }
    }
  for (Reg value : kRegs) {
    for (int offset : {0, 4, 8, 16, 32, 64, 128, 252}) {
      sheet.line(encode::c_lwsp(value, offset), 2, "c.lwsp", "%s, %d(sp)", name(value), offset);
      sheet.line(encode::c_swsp(value, offset), 2, "c.swsp", "%s, %d(sp)", name(value), offset);
    }
    for (int offset : {0, 8, 16, 32, 64, 128, 256, 504}) {
      sheet.line(encode::c_ldsp(value, offset), 2, "c.ldsp", "%s, %d(sp)", name(value), offset);
      sheet.line(encode::c_sdsp(value, offset), 2, "c.sdsp", "%s, %d(sp)", name(value), offset);
    }
  }
  sheet.check();
}

TEST(JitEncode, CompressedTransfers) {
  Sheet sheet("rvc");
  for (int distance : {-2048, -512, -2, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2046})
    sheet.line(encode::c_j(distance), 2, "c.j", "%d", distance);
  for (Reg rs1 : kNarrow)
    for (int distance : {-256, -64, -2, 2, 4, 8, 16, 32, 64, 128, 254}) {
      sheet.line(encode::c_beqz(rs1, distance), 2, "c.beqz", "%s, %d", name(rs1), distance);
      sheet.line(encode::c_bnez(rs1, distance), 2, "c.bnez", "%s, %d", name(rs1), distance);
    }
  sheet.check();
}

} // namespace
} // namespace kbpf::rv64
