// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs each program of programs.c three ways between the markers of count_insns.c: as machine code of the
// compiler, of the JIT, and in the interpreter. For each it prints "NAME BPF-instructions BYTES-of-JIT-code
// RESULT" where all results agree. Then "compile KIND INSTRUCTIONS BYTES MEMORY" for several lengths of each
// kind of code, the JIT itself between the markers; memory is its peak. A static riscv64 program for
// qemu-riscv64:
//   measure PROGRAMS.bpf.o [FEATURES]     FEATURES: zba,zbb
#include "compiled.h"
#include "core/image/elf_view.h"
#include "straight_code.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

using namespace kbpf;

extern "C" {
uint64_t empty(uint8_t *in);
#define KBPF_BENCH(name) uint64_t name(uint8_t *in);
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
#define KBPF_BENCH(name) {#name, name},
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

// The JIT itself between the markers, for two lengths of each kind of code; of the first kind, long ones as
// well.
void print_compile_cost(rv64::CpuFeatures cpu) {
  static Insn insns[UnverifiedProgram::kMaxInsns];
  static_assert(sizeof(code_slot) == sizeof(Insn));
  auto compile = [&](code_kind kind, size_t repeats) {
    size_t n = code_length(kind, repeats);
    code_fill(reinterpret_cast<code_slot *>(insns), kind, repeats);
    const VerifiedProgram &program = test::load_program({insns, n}).program();
    test::Compiled compiled;
    counted([&] { return (compiled = test::compile(program, cpu)).size; });
    printf("compile %s %zu %zu %zu\n", code_names[kind], n, compiled.size, test::compilation_memory());
  };
  for (unsigned kind = 0; kind < CODE_KINDS; kind++)
    for (size_t repeats : {200, 2000, 20000, 100000})
      compile(static_cast<code_kind>(kind), repeats);
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
    printf("%s %zu %zu %lx\n", bench.name, count, compiled.size, jit);
  }
  print_compile_cost(cpu);
}
