// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs each program of programs.c three ways between the markers of count_insns.c: as machine code of the
// compiler, of the JIT, and in the interpreter. For each it prints "NAME BPF-instructions BYTES-of-JIT-code
// BYTES-of-native-code" where all results agree. Then "compile INSTRUCTIONS BYTES" for two lengths of
// program, the JIT itself between the markers. A static riscv64 program for qemu-riscv64:
//   measure PROGRAMS.bpf.o [FEATURES]     FEATURES: zba,zbb
#include "compiled.h"
#include "core/image/elf_view.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

using namespace kbpf;

extern "C" {
uint64_t empty(uint8_t *in);
#define KBPF_BENCH(name, jit, interpreter, bytes) uint64_t name(uint8_t *in);
#include "programs.def"
#undef KBPF_BENCH
}

namespace {

struct Bench {
  const char *name;
  uint64_t (*native)(uint8_t *in);
};
constexpr Bench kBenches[] = {
    {"empty", empty},
#define KBPF_BENCH(name, jit, interpreter, bytes) {#name, name},
#include "programs.def"
#undef KBPF_BENCH
};

alignas(64) uint8_t input[256];

void fill_input() {
  for (unsigned i = 0; i < sizeof input; i++)
    input[i] = static_cast<uint8_t>(i * 7 + 3);
  for (uint32_t i = 0; i < 16; i++) { // sorted numbers, for the search
    uint32_t value = i * 60 + 5;
    memcpy(input + i * 4, &value, 4);
  }
}

template <typename Run> uint64_t counted(Run run) {
  fill_input();
  asm volatile("slti zero, zero, 1" ::: "memory");
  uint64_t result = run();
  asm volatile("slti zero, zero, 2" ::: "memory");
  return result;
}

std::span<const std::byte> read_file(const char *path) {
  static std::byte bytes[1 << 20];
  FILE *file = fopen(path, "rb");
  size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
  return {bytes, size};
}

// Straight code with everything that costs the JIT time: 32-bit results, wide constants, branches, memory.
void print_compile_cost(rv64::CpuFeatures cpu) {
  constexpr size_t kPattern = 10;
  static Insn insns[kPattern * 2000 + 2];
  for (size_t repeats : {200, 2000}) {
    size_t n = 0;
    auto put = [&](unsigned opcode, unsigned dst, unsigned src, int16_t off, int32_t imm) {
      insns[n] = {static_cast<uint8_t>(opcode), 0, off, imm};
      insns[n++].set_regs(static_cast<uint8_t>(dst), static_cast<uint8_t>(src));
    };
    put(KBPF_CLASS_ALU64 | KBPF_ALU_MOV, 0, 0, 0, 0);
    for (size_t i = 0; i < repeats; i++) {
      unsigned a = 2 + i % 7, b = 2 + (i + 3) % 7;
      put(KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_W, a, 1, 16, 0);
      put(KBPF_CLASS_ALU | KBPF_ALU_ADD | KBPF_SRC_X, a, b, 0, 0);
      put(KBPF_CLASS_ALU | KBPF_ALU_RSH, a, 0, 0, 3);
      put(KBPF_OP_LD_IMM64, b, 0, 0, 0x12345678);
      put(0, 0, 0, 0, 0x9abcdef0);
      put(KBPF_CLASS_ALU64 | KBPF_ALU_XOR | KBPF_SRC_X, b, a, 0, 0);
      put(KBPF_CLASS_ALU | KBPF_ALU_MUL, a, 0, 0, 1000003);
      put(KBPF_CLASS_JMP | KBPF_JMP_JGT | KBPF_SRC_X, a, b, 1, 0);
      put(KBPF_CLASS_ALU64 | KBPF_ALU_ADD | KBPF_SRC_X, 0, a, 0, 0);
      put(KBPF_CLASS_STX | KBPF_MODE_MEM | KBPF_SIZE_DW, 10, b, -16, 0);
    }
    put(KBPF_OP_EXIT, 0, 0, 0, 0);
    const VerifiedProgram &program = test::load_program({insns, n}).program();
    test::Compiled compiled;
    counted([&] { return (compiled = test::compile(program, cpu)).size; });
    printf("compile %zu %zu\n", n, compiled.size);
  }
}

} // namespace

int main(int argc, char **argv) {
  char text[256];
  TextBuffer why(text, sizeof text);
  auto object = elf::ElfView::open(read_file(argc > 1 ? argv[1] : ""), why);
  if (!object) {
    printf("no object of programs: %s\n", text);
    return 1;
  }
  rv64::CpuFeatures cpu = {};
  cpu.zba = argc > 2 && strstr(argv[2], "zba");
  cpu.zbb = argc > 2 && strstr(argv[2], "zbb");
  for (const Bench &bench : kBenches) {
    char section_name[64];
    snprintf(section_name, sizeof section_name, "bench/%s", bench.name);
    auto section = object->find(section_name);
    if (!section || !*section) {
      printf("%s: not in the object\n", bench.name);
      return 1;
    }
    alignas(8) static Insn insns[4096];
    size_t count = (**section).header.sh_size / sizeof(Insn);
    memcpy(insns, (**section).bytes.data(), count * sizeof(Insn));
    const VerifiedProgram &program = test::load_program({insns, count}).program();
    test::Compiled compiled = test::compile(program, cpu);
    if (!compiled.entry) {
      printf("%s: the JIT refuses it\n", bench.name);
      return 1;
    }
    uint64_t native = counted([&] { return bench.native(input); });
    uint64_t jit = counted([&] { return compiled.entry(reinterpret_cast<uint64_t>(input)); });
    const InterpreterCode &code = test::translate_program(program);
    uint64_t interpreted = counted([&] { return test::run_interpreter(code, input); });
    if (native != jit || native != interpreted) {
      printf("%s: results differ: %lx native, %lx JIT, %lx interpreter\n", bench.name, native, jit,
             interpreted);
      return 1;
    }
    printf("%s %zu %zu\n", bench.name, count, compiled.size);
  }
  print_compile_cost(cpu);
}
