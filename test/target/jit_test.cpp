// SPDX-License-Identifier: MIT OR Apache-2.0
// The JIT on its own machine: the table of all opcodes through both engines, what takes special programs, and
// random programs through both. A static program without GoogleTest, to be run under qemu-riscv64:
//   jit_test [FIRST_SEED COUNT]      without arguments: everything, with 5000 seeds
#include "compiled.h"
#include "engine_cases.h"
#include "engine_features.h"
#include "insn_builders.h"
#include "random_program.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kbpf::test {
namespace {

// One failure is printed in full, the rest are counted.
unsigned failures;
#define EXPECT(condition, ...)                                                                               \
  do {                                                                                                       \
    if (!(condition) && failures++ < 20) {                                                                   \
      printf("%s:%d: not true: %s: ", __func__, __LINE__, #condition);                                       \
      printf(__VA_ARGS__);                                                                                   \
      printf("\n");                                                                                          \
    }                                                                                                        \
  } while (0)

void run_case(const EngineCase &test, void *count) {
  ++*static_cast<size_t *>(count);
  const VerifiedProgram &program = load_program({test.insns, test.count}).program();
  bool interpreted = false;
  for (rv64::CpuFeatures cpu : cpu_variants()) {
    Compiled compiled = compile(program, cpu);
    EXPECT(compiled.entry, "%s", test.name);
    if (!compiled.entry)
      continue;
    for (uint64_t a : operand_values())
      for (uint64_t b : operand_values()) {
        CaseMemory memory{a, b, a ^ 0x5555, b + 3, 0};
        CaseMemory expected = memory, for_interpreter = memory;
        uint64_t want = expected_result(test, expected);
        uint64_t got = compiled.entry(reinterpret_cast<uint64_t>(&memory));
        EXPECT(got == want && memcmp(&memory, &expected, sizeof memory) == 0,
               "%s zbb %d a %lx b %lx: r0 %lx, not %lx; cell %lx, not %lx; source %lx, not %lx", test.name,
               cpu.zbb, a, b, got, want, memory.cell, expected.cell, memory.source, expected.source);
        if (!interpreted) {
          got = run_interpreter(program, &for_interpreter);
          EXPECT(got == want && memcmp(&for_interpreter, &expected, sizeof memory) == 0,
                 "interpreter: %s a %lx b %lx: r0 %lx, not %lx", test.name, a, b, got, want);
        }
        if (!uses_b(test))
          break;
      }
    interpreted = true;
  }
}

void computes_what_the_oracle_says_for_every_opcode_and_form() {
  size_t cases = 0;
  for_each_case(run_case, &cases);
  EXPECT(cases > 2000, "only %zu cases", cases);
}

// Both engines, every CPU variant, near its functions and data and far away: all must give want.
void expect_result(std::span<const Insn> insns, uint64_t want, const char *name) {
  uint64_t context[16] = {};
  const VerifiedProgram &program = load_program(insns).program();
  uint64_t got = run_interpreter(program, context);
  EXPECT(got == want, "%s: interpreter: %lx, not %lx", name, got, want);
  for (rv64::CpuFeatures cpu : cpu_variants())
    for (bool nearby : {false, true}) {
      Compiled compiled = compile(program, cpu, nearby);
      EXPECT(compiled.entry, "%s", name);
      if (!compiled.entry)
        continue;
      memset(context, 0, sizeof context);
      got = compiled.entry(reinterpret_cast<uint64_t>(context));
      EXPECT(got == want, "%s: zbb %d nearby %d: %lx, not %lx", name, cpu.zbb, nearby, got, want);
    }
}

void run_feature(const FeatureProgram &feature, void *) {
  UnverifiedProgram &program = load_program(feature.insns, feature.callbacks);
  if (feature.adjust)
    feature.adjust(program);
  uint64_t got = run_interpreter(program.program(), nullptr);
  EXPECT(got == feature.result, "interpreter: %s: %lx, not %lx", feature.name, got, feature.result);
  for (rv64::CpuFeatures cpu : cpu_variants()) {
    Compiled compiled = compile(program.program(), cpu);
    EXPECT(compiled.entry, "%s", feature.name);
    if (!compiled.entry)
      continue;
    got = compiled.entry(0);
    EXPECT(got == feature.result, "%s: zbb %d: %lx, not %lx", feature.name, cpu.zbb, got, feature.result);
  }
}

void runs_callbacks_may_goto_and_frames_of_any_size() { for_each_feature(run_feature, nullptr); }

// What a kernel keeps in reach of tp, here in this thread's own memory.
struct Told {
  uint32_t cpu = 5;
  uint64_t both = 0x123456789abcdef0, *through = &both;
};
thread_local Told told;

int16_t from_tp(const void *field) {
  uintptr_t tp;
  asm("mv %0, tp" : "=r"(tp));
  return static_cast<int16_t>(reinterpret_cast<uintptr_t>(field) - tp);
}
uint64_t time_now() {
  uint64_t ticks;
  asm volatile("rdtime %0" : "=r"(ticks));
  return ticks;
}
uint64_t run_told(int number, const kbpf_machine &machine, rv64::CpuFeatures cpu) {
  // The registers of arguments stay as they are.
  Insn insns[] = {mov64_imm(R1, 1), make_insn(KBPF_OP_TOLD, R0, 0, 0, number), alu64_imm(KBPF_ALU_SUB, R1, 1),
                  add64_reg(R0, R1), exit_insn()};
  Compiled compiled = compile(load_program(insns).program(), cpu, false, kEnvironment, &machine);
  EXPECT(compiled.entry, "helper %d", number);
  return compiled.entry ? compiled.entry(0) : 0;
}

void what_the_kernel_tells_takes_no_call() {
  told.cpu = 5;
  told.through = &told.both;
  kbpf_machine machine{};
  machine.cpu = {.base = 4, .bytes = 4, .through = -1, .offset = from_tp(&told.cpu)};
  machine.pid_tgid = {.base = 4, .bytes = 8, .through = from_tp(&told.through), .offset = 0};
  for (rv64::CpuFeatures cpu : cpu_variants()) {
    EXPECT(run_told(kGetSmpProcessorId, machine, cpu) == 5, "cpu");
    if (machine.pid_tgid.through >= 0)
      EXPECT(run_told(kGetCurrentPidTgid, machine, cpu) == told.both, "pid_tgid");
    struct {
      uint64_t multiplier, offset;
      uint32_t shift;
    } sources[] = {{1, 0, 0}, {100, 0, 0}, {uint64_t{1} << 20, 0, 20}, {3, ~uint64_t{0} << 40, 1}};
    for (const auto &source : sources) {
      machine.time = {.multiplier = source.multiplier, .shift = source.shift, .offset = source.offset};
      const auto scaled = [&](uint64_t ticks) {
        return (ticks * source.multiplier >> source.shift) + source.offset;
      };
      uint64_t before = scaled(time_now()), told_time = run_told(kKtimeGetNs, machine, cpu);
      uint64_t after = scaled(time_now());
      EXPECT(told_time - before <= after - before, "%lu: %lx is not between %lx and %lx", source.multiplier,
             told_time, before, after);
    }
  }
}

void what_the_kernel_does_not_tell_is_refused() {
  const kbpf_machine nothing{};
  for (int number : {5, 8, 14, 1}) {
    Insn insns[] = {make_insn(KBPF_OP_TOLD, R0, 0, 0, number), exit_insn()};
    const VerifiedProgram &program = load_program(insns).program();
    EXPECT(!compile(program, {}, false, kEnvironment, &nothing).entry, "helper %d", number);
    EXPECT(!compile(program, {}).entry, "helper %d", number);
  }
}

// Programs that find each other by an array. All count their runs in the first word of the context.
ProgArray programs;

Compiled compile_code(std::span<const Insn> insns, rv64::CpuFeatures cpu) {
  Compiled compiled = compile(load_program(insns).program(), cpu);
  EXPECT(compiled.entry, "a program of tail calls");
  return compiled;
}

void expect_run(const Compiled &compiled, uint64_t want, uint64_t want_runs, const char *name) {
  uint64_t runs = 0;
  if (!compiled.entry)
    return;
  uint64_t got = compiled.entry(reinterpret_cast<uint64_t>(&runs));
  EXPECT(got == want, "%s: %lu, not %lu", name, got, want);
  EXPECT(runs == want_runs, "%s: %lu runs, not %lu", name, runs, want_runs);
}

void put_tail_call(Insn *&at, int64_t index) { // r1 is passed on
  Insn2 map = ld_imm64(R2, reinterpret_cast<uint64_t>(&programs));
  *at++ = map.first;
  *at++ = map.second;
  *at++ = mov64_imm(R3, index);
  *at++ = call_helper(KBPF_HELPER_TAIL_CALL);
}
void put_count(Insn *&at) {
  *at++ = load(KBPF_SIZE_DW, R0, R1, 0);
  *at++ = add64_imm(R0, 1);
  *at++ = store_reg(KBPF_SIZE_DW, R1, 0, R0);
}

void tail_call_goes_on_elsewhere_or_falls_through() {
  for (rv64::CpuFeatures cpu : cpu_variants()) {
    Insn target[] = {mov64_imm(R6, -1), store_imm(KBPF_SIZE_DW, R10, -8, -1), mov64_imm(R0, 5), exit_insn()};
    programs = {};
    programs.slots[2] = compile_code(target, cpu).tail_entry;
    for (int64_t index : {2, 0, 4, 5, -1}) {
      Insn insns[16], *at = insns;
      *at++ = mov64_imm(R6, 7);
      put_tail_call(at, index);
      *at++ = mov64_reg(R0, R6);
      *at++ = exit_insn();
      expect_run(compile_code({insns, at}, cpu), index == 2 ? 5 : 7, 0, "tail call");
    }
  }
}

void tail_calls_end_after_thirty_three() {
  for (rv64::CpuFeatures cpu : cpu_variants())
    for (bool in_leaf : {true, false}) {
      Insn insns[16], *at = insns;
      put_count(at);
      if (!in_leaf) {
        *at++ = mov64_reg(R6, R1);
        *at++ = call_helper(2);
        *at++ = mov64_reg(R1, R6);
      }
      put_tail_call(at, 0);
      *at++ = mov64_imm(R0, 3);
      *at++ = exit_insn();
      Compiled compiled = compile_code({insns, at}, cpu);
      programs = {};
      programs.slots[0] = compiled.tail_entry;
      expect_run(compiled, 3, 34, "chain");
      expect_run(compiled, 3, 34, "the same chain again");
    }
}

// The target saves and changes what the callers keep in registers, and has a frame of its own.
void tail_call_from_a_subprogram_returns_to_its_caller() {
  for (rv64::CpuFeatures cpu : cpu_variants()) {
    Insn target[] = {mov64_imm(R6, 0), store_imm(KBPF_SIZE_DW, R10, -8, -1), call_helper(2),
                     mov64_imm(R0, 20), exit_insn()};
    programs = {};
    programs.slots[1] = compile_code(target, cpu).tail_entry;
    Insn insns[20], *at = insns;
    *at++ = mov64_imm(R6, 1);
    *at++ = store_imm(KBPF_SIZE_DW, R10, -8, 300);
    *at++ = call_subprogram(4);
    *at++ = add64_reg(R0, R6);
    *at++ = load(KBPF_SIZE_DW, R1, R10, -8);
    *at++ = add64_reg(R0, R1);
    *at++ = exit_insn();
    put_tail_call(at, 1);
    *at++ = mov64_imm(R0, 0);
    *at++ = exit_insn();
    expect_run(compile_code({insns, at}, cpu), 321, 0, "from a subprogram");
  }
}

// Each run calls two functions that start the program again: counted apart, they would run 2^33 times.
void tail_calls_of_all_subprograms_have_one_count() {
  for (rv64::CpuFeatures cpu : cpu_variants()) {
    Insn insns[20], *at = insns;
    *at++ = mov64_reg(R6, R1);
    put_count(at);
    *at++ = call_subprogram(4);
    *at++ = mov64_reg(R1, R6);
    *at++ = call_subprogram(2);
    *at++ = mov64_imm(R0, 0);
    *at++ = exit_insn();
    put_tail_call(at, 0);
    *at++ = mov64_imm(R0, 0);
    *at++ = exit_insn();
    Compiled compiled = compile_code({insns, at}, cpu);
    programs = {};
    programs.slots[0] = compiled.tail_entry;
    expect_run(compiled, 0, 34, "two subprograms");
  }
}

void compare_exchange_compares_and_writes_the_low_half() {
  Insn insns[] = {mov64_imm(R0, INT32_MIN),
                  mov64_imm(R2, 5),
                  store_imm(KBPF_SIZE_DW, R1, 0, INT32_MIN),
                  atomic(KBPF_SIZE_W, KBPF_ATOMIC_CMPXCHG, R1, 0, R2),
                  load(KBPF_SIZE_DW, R3, R1, 0),
                  alu64_reg(KBPF_ALU_XOR, R0, R3),
                  exit_insn()};
  expect_result(insns, 0x80000000 ^ 0xffffffff00000005, "compare-exchange");
}

// A transfer over `filler` instructions, for each size of transfer that there is; taken and not taken.
void transfers_reach_any_distance() {
  static Insn insns[UnverifiedProgram::kMaxInsns];
  for (size_t filler : {1u, 20u, 100u, 126u, 127u, 128u, 500u, 1000u, 1024u, 2100u, 9000u, 30000u})
    for (unsigned shape = 0; shape < 5; shape++) {
      size_t n = 0;
      insns[n++] = mov64_imm(R0, 7);
      insns[n++] = mov64_imm(R1, shape == 1 || shape == 2);
      int32_t distance = static_cast<int32_t>(filler);
      int16_t off = static_cast<int16_t>(filler);
      switch (shape) {
      case 0:
        insns[n++] = jump_imm(KBPF_JMP_JEQ, R1, 0, off);
        break; // taken, compressible
      case 1:
        insns[n++] = jump_imm(KBPF_JMP_JEQ, R1, 0, off);
        break; // not taken
      case 2:
        insns[n++] = jump_reg(KBPF_JMP_JLT, R0, R0, off);
        break; // not taken
      case 3:
        insns[n++] = jump_reg(KBPF_JMP_JLE, R0, R0, off);
        break; // taken
      case 4:
        insns[n++] = gotol(distance);
        break;
      }
      bool taken = shape == 0 || shape >= 3;
      uint64_t want = 7;
      for (size_t i = 0; i < filler; i++) {
        insns[n++] = bswap(R0, 64);
        if (!taken)
          want = __builtin_bswap64(want);
      }
      insns[n++] = alu64_imm(KBPF_ALU_XOR, R0, 1);
      insns[n++] = exit_insn();
      expect_result({insns, n}, want ^ 1, "far transfer");
    }
}

void backward_transfers_reach_any_distance() {
  static Insn insns[UnverifiedProgram::kMaxInsns];
  for (size_t filler : {10u, 120u, 500u, 1100u, 9000u, 30000u}) {
    size_t n = 0;
    insns[n++] = mov64_imm(R0, 7);
    insns[n++] = mov64_imm(R2, 3);
    for (size_t i = 0; i < filler; i++)
      insns[n++] = bswap(R0, 64);
    insns[n++] = alu64_imm(KBPF_ALU_ADD, R0, 1);
    insns[n++] = add64_imm(R2, -1);
    insns[n] = jump_imm(KBPF_JMP_JNE, R2, 0, -static_cast<int>(filler) - 3);
    n++;
    insns[n++] = exit_insn();
    uint64_t want = 7;
    for (int turn = 0; turn < 3; turn++)
      want = (filler % 2 ? __builtin_bswap64(want) : want) + 1;
    expect_result({insns, n}, want, "far loop");
  }
}

// Every branch spans as much as its smallest form reaches, so that growth creeps from the last one to the
// first.
void relaxation_settles_where_each_branch_grows_the_one_before() {
  static Insn insns[UnverifiedProgram::kMaxInsns];
  constexpr size_t kBranches = 60000;
  size_t n = 0;
  insns[n++] = mov64_imm(R0, 0);
  insns[n++] = mov64_imm(R2, 1);
  for (size_t i = 0; i < kBranches; i++)
    insns[n++] = jump_imm(KBPF_JMP_JEQ, R2, 0, 126);
  for (size_t i = 0; i < 200; i++)
    insns[n++] = add64_imm(R0, 300); // longer than the branches in front
  insns[n++] = exit_insn();
  expect_result({insns, n}, 60000, "creeping growth");
}

void calls_reach_any_distance() {
  static Insn insns[UnverifiedProgram::kMaxInsns];
  for (size_t filler : {10u, 30000u, 50000u}) {
    size_t n = 0;
    insns[n++] = mov64_imm(R6, 5);
    insns[n++] = mov64_imm(R1, 30);
    insns[n++] = call_subprogram(static_cast<int>(filler) + 2);
    insns[n++] = alu64_reg(KBPF_ALU_ADD, R0, R6);
    for (size_t i = 0; i < filler; i++)
      insns[n++] = bswap(R0, 64);
    insns[n++] = exit_insn();
    insns[n++] = mov64_reg(R0, R1);
    insns[n++] = mov64_imm(R6, 1);
    insns[n++] = alu64_reg(KBPF_ALU_ADD, R0, R6);
    insns[n++] = exit_insn();
    expect_result({insns, n}, 36, "far call");
  }
}

void a_jump_to_the_first_instruction_skips_the_prologue() {
  Insn insns[] = {alu64_imm(KBPF_ALU_ADD, R1, 1), // r1: the context's address; only its low bits count
                  mov64_reg(R6, R1),
                  call_helper(2),
                  alu64_imm(KBPF_ALU_AND, R6, 7),
                  mov64_reg(R1, R6),
                  jump_imm(KBPF_JMP_JNE, R6, 4, -6),
                  mov64_reg(R0, R6),
                  exit_insn()};
  expect_result(insns, 4, "loop to the start");
}

void helpers_keep_r6_to_r9_and_may_spoil_the_rest() {
  Insn insns[] = {mov64_imm(R6, 6),
                  mov64_imm(R7, 7),
                  mov64_imm(R8, 8),
                  mov64_imm(R9, 9),
                  mov64_imm(R1, 1),
                  call_helper(2),
                  alu64_reg(KBPF_ALU_ADD, R0, R6),
                  alu64_reg(KBPF_ALU_MUL, R0, R7),
                  alu64_reg(KBPF_ALU_ADD, R0, R8),
                  alu64_reg(KBPF_ALU_MUL, R0, R9),
                  exit_insn()};
  expect_result(insns, ((~uint64_t{1} + 6) * 7 + 8) * 9, "helper");
}

// A loop around a helper call, with constants that the JIT keeps in registers, and its result.
constexpr Insn kLoopOfConstants[] = {mov64_imm(R6, 3),
                                     mov64_imm(R7, 7),
                                     mov64_imm(R8, 8),
                                     mov64_imm(R9, -1),
                                     call_helper(2),
                                     add64_imm(R7, 0x12345),
                                     alu64_imm(KBPF_ALU_MUL, R7, 1000003),
                                     alu64_imm(KBPF_ALU_XOR, R8, 0x7654321),
                                     and64_imm(R9, 0x55555555),
                                     add64_imm(R6, -1),
                                     jump_imm(KBPF_JMP_JNE, R6, 0, -7),
                                     mov64_reg(R0, R7),
                                     alu64_reg(KBPF_ALU_XOR, R0, R8),
                                     add64_reg(R0, R9),
                                     exit_insn()};

void constants_of_a_loop_survive_its_calls() {
  uint64_t r7 = 7;
  for (int i = 0; i < 3; i++)
    r7 = (r7 + 0x12345) * 1000003;
  expect_result(kLoopOfConstants, (r7 ^ 8 ^ 0x7654321) + 0x55555555, "loop of constants");
}

void a_constant_in_a_loop_is_built_once() {
  Insn insns[12];
  size_t n = 0;
  insns[n++] = mov64_imm(R0, 0);
  for (int i = 0; i < 8; i++)
    insns[n++] = alu64_imm(KBPF_ALU_XOR, R0, 0x7654321);
  insns[n++] = add64_imm(R0, 1);
  insns[n++] = jump_imm(KBPF_JMP_JNE, R0, 5, -10);
  insns[n++] = exit_insn();
  expect_result(insns, 5, "constant in a loop");
  Compiled compiled = compile(load_program(insns).program(), cpu_variants()[0]);
  EXPECT(compiled.size < 8 * 8, "%zu bytes", compiled.size);
}

// The shapes of a rotation by 13, of r1 into r0; what they leave in the other register counts, too.
void rotations_are_one_instruction_with_zbb() {
  constexpr uint64_t kValue = uint64_t{0x12345678} * 0x7654321;
  struct Shape {
    const char *name;
    Reg result, other;
    Insn insns[5];
    size_t count;
  };
  const Shape kShapes[] = {
      {"two copies",
       R0,
       R2,
       {mov64_reg(R2, R1), alu64_imm(KBPF_ALU_RSH, R2, 51), mov64_reg(R0, R1),
        alu64_imm(KBPF_ALU_LSH, R0, 13), alu64_reg(KBPF_ALU_OR, R0, R2)},
       5},
      {"in place",
       R1,
       R2,
       {mov64_reg(R2, R1), alu64_imm(KBPF_ALU_RSH, R2, 51), alu64_imm(KBPF_ALU_LSH, R1, 13),
        alu64_reg(KBPF_ALU_OR, R1, R2)},
       4},
      {"in place first",
       R2,
       R1,
       {mov64_reg(R2, R1), alu64_imm(KBPF_ALU_RSH, R1, 51), alu64_imm(KBPF_ALU_LSH, R2, 13),
        alu64_reg(KBPF_ALU_OR, R2, R1)},
       4},
  };
  for (const Shape &shape : kShapes)
    for (bool reads_other : {false, true}) {
      Insn insns[12];
      size_t n = 0;
      insns[n++] = mov64_imm(R1, 0x12345678);
      insns[n++] = alu64_imm(KBPF_ALU_MUL, R1, 0x7654321);
      for (size_t i = 0; i < shape.count; i++)
        insns[n++] = shape.insns[i];
      insns[n++] = mov64_reg(R0, shape.result);
      if (reads_other)
        insns[n++] = alu64_reg(KBPF_ALU_XOR, R0, shape.other);
      insns[n++] = exit_insn();
      uint64_t rotated = kValue << 13 | kValue >> 51;
      expect_result({insns, n}, reads_other ? rotated ^ kValue >> 51 : rotated, shape.name);
      size_t plain = compile(load_program({insns, n}).program(), cpu_variants()[0]).size;
      size_t with_zbb = compile(load_program({insns, n}).program(), cpu_variants()[1]).size;
      EXPECT(with_zbb + (reads_other ? 0 : 4) <= plain, "%s: %zu bytes, %zu without", shape.name, with_zbb,
             plain);
    }
}

void callers_own_registers_survive_the_program() {
  Compiled compiled = compile(load_program(kLoopOfConstants).program(), cpu_variants()[0]);
  EXPECT(compiled.entry, "compilation failed");
  if (!compiled.entry)
    return;
  uint64_t changed;
  asm volatile(
      "li s1, 101; li s2, 102; li s3, 103; li s4, 104; li s5, 105; li s6, 106; li s7, 107; li s8, 108; mv "
      "s9, sp;"
      "li a0, 0; jalr %1;"
      "addi s1, s1, -101; addi s2, s2, -102; addi s3, s3, -103; addi s4, s4, -104; addi s5, s5, -105;"
      "addi s6, s6, -106; addi s7, s7, -107; addi s8, s8, -108; sub s9, s9, sp;"
      "or %0, s1, s2; or %0, %0, s3; or %0, %0, s4; or %0, %0, s5; or %0, %0, s6; or %0, %0, s7; or %0, %0, "
      "s8;"
      "or %0, %0, s9"
      : "=&r"(changed)
      : "r"(compiled.entry)
      : "ra", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "a0", "a1", "a2", "a3", "a4", "a5", "a6",
        "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory");
  EXPECT(changed == 0, "%lx", changed);
}

void a_leaf_program_needs_no_frame() {
  Insn insns[] = {mov64_imm(R6, 3), mov64_reg(R0, R6), exit_insn()};
  Compiled compiled = compile(load_program(insns).program(), cpu_variants()[0]);
  EXPECT(compiled.size <= 8, "%zu bytes", compiled.size); // li, mv, mv, ret
}

void a_faulting_load_reads_as_zero() {
  install_fault_handler();
  Insn insns[] = {mov64_imm(R1, 64),
                  mov64_imm(R2, -1),
                  load(KBPF_SIZE_W, R2, R1, 4),
                  load_signed(KBPF_SIZE_H, R1, R1, 32000),
                  mov64_imm(R0, 5),
                  alu64_reg(KBPF_ALU_ADD, R0, R2),
                  alu64_reg(KBPF_ALU_ADD, R0, R1),
                  exit_insn()};
  UnverifiedProgram &program = load_program(insns);
  program.facts(2).faultable = program.facts(3).faultable = true;
  for (rv64::CpuFeatures cpu : cpu_variants()) {
    Compiled compiled = compile(program.program(), cpu);
    EXPECT(compiled.entry, "compilation failed");
    if (compiled.entry) {
      uint64_t got = compiled.entry(0);
      EXPECT(got == 5, "%lx", got);
    }
  }
}

size_t size_of_addition(unsigned store_size, bool verifier_says_unread) {
  Insn insns[] = {load(KBPF_SIZE_DW, R2, R1, 0), alu32_imm(KBPF_ALU_ADD, R2, 1),
                  store_reg(store_size, R1, 8, R2), mov64_imm(R0, 0), exit_insn()};
  UnverifiedProgram &program = load_program(insns);
  program.facts(1).zero_extended = verifier_says_unread;
  Compiled compiled = compile(program.program(), cpu_variants()[0]);
  uint64_t memory[2] = {0xffffffffffffffff, 0x1111111122222222};
  EXPECT(compiled.entry, "compilation failed");
  if (compiled.entry)
    compiled.entry(reinterpret_cast<uint64_t>(memory));
  uint64_t want = store_size == KBPF_SIZE_W ? 0x1111111100000000 : 0;
  EXPECT(memory[1] == want, "%lx, not %lx", memory[1], want);
  return compiled.size;
}

void an_unread_upper_half_is_not_cleared() {
  size_t cleared = size_of_addition(KBPF_SIZE_DW, false);
  EXPECT(size_of_addition(KBPF_SIZE_W, false) < cleared, "%zu bytes cleared", cleared);
  EXPECT(size_of_addition(KBPF_SIZE_DW, true) < cleared, "%zu bytes cleared", cleared);
}

void refuses_what_it_cannot_compile() {
  const Insn refused[] = {make_insn(KBPF_OP_JCOND, 0, 1, 0, 0),
                          make_insn(KBPF_OP_LD_IMM64, 1, KBPF_PSEUDO_FUNC, 0, 1),
                          make_insn(KBPF_CLASS_ALU64 | KBPF_ALU_DIV | KBPF_SRC_X, 1, 2, 2, 0),
                          make_insn(KBPF_CLASS_ALU64 | KBPF_ALU_END, 1, 0, 0, 8),
                          make_insn(KBPF_CLASS_ALU64 | 0xe0, 1, 0, 0, 0),
                          make_insn(KBPF_CLASS_ALU64 | KBPF_ALU_MOV, 11, 0, 0, 0),
                          mov64_imm(R10, 0),
                          call_helper(99),
                          make_insn(KBPF_OP_CALL, 0, KBPF_PSEUDO_KFUNC_CALL, 0, 1),
                          atomic(KBPF_SIZE_B, KBPF_ATOMIC_ADD, R1, 0, R2),
                          atomic(KBPF_SIZE_W, 0x77, R1, 0, R2),
                          atomic(KBPF_SIZE_DW, KBPF_ATOMIC_XCHG, R1, 0, R10),
                          load_signed(KBPF_SIZE_DW, R1, R1, 0),
                          make_insn(KBPF_CLASS_LD | KBPF_MODE_ABS, 0, 0, 0, 0),
                          make_insn(KBPF_OP_LD_IMM64, 1, 0, 0, 0), // what follows is no second half
                          ja(30000),
                          ja(-30000)};
  for (const Insn &insn : refused) {
    Insn insns[] = {insn, mov64_imm(R0, 0), exit_insn()};
    Compiled compiled = compile(load_program(insns).program(), cpu_variants()[0]);
    EXPECT(!compiled.entry, "opcode %02x imm %x", insn.opcode, insn.imm);
  }
}

// A random program of that seed in one of the two places; its instructions are kept there. may_fault: now and
// then a load counts as one that may.
const VerifiedProgram &load_random(uint64_t seed, const RandomSurroundings &surroundings, unsigned place,
                                   bool may_fault) {
  static Insn copies[2][kMaxRandomInsns];
  RandomProgram random = random_program(seed, surroundings);
  memcpy(copies[place], random.insns.data(), random.insns.size_bytes());
  UnverifiedProgram &loaded =
      load_program(std::span(copies[place]).first(random.insns.size()), random.callbacks, place);
  const VerifiedProgram &program = loaded.program();
  for (size_t i = 0; i < program.subprograms().size(); i++) {
    loaded.subprogram(i).zero_stack = random.reads_unwritten_stack;
    loaded.subprogram(i).stack_depth = random.stack_depth;
  }
  for (size_t i = 0; may_fault && i < random.insns.size(); i++)
    if (random.insns[i].cls() == KBPF_CLASS_LDX && i % 3 == 0)
      loaded.facts(i).faultable = true;
  return program;
}

// Each program has another one to go on in, by tail calls. All memory that they share starts alike for both
// engines.
void agrees_with_the_interpreter_on_random_programs(uint64_t first, uint64_t count) {
  struct Memory {
    alignas(16) std::byte context[kRandomContext], elements[kElements * kElementBytes];
  };
  static Memory memory;
  const RandomSurroundings kSurroundings{.prog_array = reinterpret_cast<uint64_t>(&programs),
                                         .elements = reinterpret_cast<uint64_t>(memory.elements),
                                         .has_packets = true,
                                         .has_calls_by_number = true};
  for (uint64_t seed = first; seed < first + count; seed++) {
    const VerifiedProgram &target = load_random(seed ^ 0x5eed5eed00000000, kSurroundings, 1, false);
    const VerifiedProgram &program = load_random(seed, kSurroundings, 0, seed % 8 == 0);
    Memory initial, expected;
    uint64_t state = ~seed;
    for (std::byte &byte : std::as_writable_bytes(std::span(&initial, 1)))
      byte = static_cast<std::byte>(next_random(state));
    memory = initial;
    programs = {};
    programs.slots[1] = reinterpret_cast<uint64_t>(&translate_program(target, kWideEnvironment, 1));
    uint64_t want = run_interpreter(translate_program(program, kWideEnvironment), memory.context);
    expected = memory;
    rv64::CpuFeatures cpu = cpu_variants()[seed % cpu_variants().size()];
    Compiled target_code = compile(target, cpu, seed & 2, kWideEnvironment);
    Compiled compiled = compile(program, cpu, seed & 2, kWideEnvironment);
    EXPECT(compiled.entry && target_code.entry, "seed %lu", seed);
    if (!compiled.entry || !target_code.entry)
      continue;
    programs.slots[1] = target_code.tail_entry;
    memory = initial;
    uint64_t got = compiled.entry(reinterpret_cast<uint64_t>(memory.context));
    bool differs = memcmp(&memory, &expected, sizeof memory) != 0;
    EXPECT(got == want && !differs, "seed %lu: r0 %lx, not %lx%s", seed, got, want,
           differs ? "; memory differs" : "");
  }
}

} // namespace
} // namespace kbpf::test

int main(int argc, char **argv) {
  using namespace kbpf::test;
  if (argc == 3) {
    agrees_with_the_interpreter_on_random_programs(strtoull(argv[1], nullptr, 0),
                                                   strtoull(argv[2], nullptr, 0));
  } else {
    refuses_what_it_cannot_compile();
    a_leaf_program_needs_no_frame();
    compare_exchange_compares_and_writes_the_low_half();
    helpers_keep_r6_to_r9_and_may_spoil_the_rest();
    callers_own_registers_survive_the_program();
    constants_of_a_loop_survive_its_calls();
    a_constant_in_a_loop_is_built_once();
    rotations_are_one_instruction_with_zbb();
    a_jump_to_the_first_instruction_skips_the_prologue();
    a_faulting_load_reads_as_zero();
    an_unread_upper_half_is_not_cleared();
    runs_callbacks_may_goto_and_frames_of_any_size();
    what_the_kernel_tells_takes_no_call();
    what_the_kernel_does_not_tell_is_refused();
    tail_call_goes_on_elsewhere_or_falls_through();
    tail_calls_end_after_thirty_three();
    tail_call_from_a_subprogram_returns_to_its_caller();
    tail_calls_of_all_subprograms_have_one_count();
    transfers_reach_any_distance();
    backward_transfers_reach_any_distance();
    calls_reach_any_distance();
    relaxation_settles_where_each_branch_grows_the_one_before();
    computes_what_the_oracle_says_for_every_opcode_and_form();
    agrees_with_the_interpreter_on_random_programs(1, 5000);
  }
  printf("%u failures\n", failures);
  return failures != 0;
}
