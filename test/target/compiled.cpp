// SPDX-License-Identifier: MIT OR Apache-2.0
#include "compiled.h"
#include "engine_features.h"
#include "tools/interpret_once.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

namespace kbpf::test {
namespace {

constexpr size_t kCodeMemory = 32 << 20;
// Near and far from this program's own functions and data.
struct CodeMemory {
  uintptr_t wanted; // 0: anywhere
  std::byte *bytes = nullptr;
  size_t used = 0;
};
CodeMemory code_memories[] = {{0}, {0x20000000}};

Arena *arena;
std::span<const rv64::FaultEntry> faults;
uint64_t faulting_code;

uint64_t spoil(uint64_t a, uint64_t, uint64_t, uint64_t, uint64_t) {
  asm volatile("li t0, -1; li t1, -1; li t2, -1; li t3, -1; li t4, -1; li t5, -1; li t6, -1;"
               "li a1, -1; li a2, -1; li a3, -1; li a4, -1; li a5, -1; li a6, -1; li a7, -1" ::
                   : "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", "a4", "a5", "a6", "a7");
  return ~a;
}

HelperFunction helper(uint32_t number) {
  return number == 1 ? mix : number == 2 ? spoil : feature_helper(number);
}

void on_fault(int, siginfo_t *, void *context) {
  greg_t *registers = static_cast<ucontext_t *>(context)->uc_mcontext.__gregs; // [0] is pc
  for (const rv64::FaultEntry &entry : faults)
    if (registers[0] == faulting_code + entry.fault) {
      registers[0] = faulting_code + entry.resume;
      if (entry.zero_register)
        registers[entry.zero_register] = 0;
      return;
    }
  signal(SIGSEGV, SIG_DFL);
}

} // namespace

const Environment kEnvironment{.helper = helper, .prog_array = &kProgArrays};

const Environment kWideEnvironment{.helper = helper,
                                   .kernel_function = helper,
                                   .load_packet = load_test_packet,
                                   .read_kernel = read_test_memory,
                                   .prog_array = &kProgArrays};

UnverifiedProgram &load_program(std::span<const Insn> insns, std::span<const uint32_t> callbacks,
                                unsigned place) {
  alignas(UnverifiedProgram) static std::byte storage[2][sizeof(UnverifiedProgram)];
  return *new (storage[place]) UnverifiedProgram(insns, callbacks);
}

Compiled compile(const VerifiedProgram &program, rv64::CpuFeatures cpu, bool nearby,
                 const Environment &environment, const kbpf_machine *machine) {
  CodeMemory &memory = code_memories[nearby];
  if (!memory.bytes) {
    void *mapped =
        mmap(reinterpret_cast<void *>(memory.wanted), kCodeMemory, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | (memory.wanted ? MAP_FIXED_NOREPLACE : 0), -1, 0);
    if (mapped == MAP_FAILED)
      abort();
    memory.bytes = static_cast<std::byte *>(mapped);
  }
  alignas(Arena) static std::byte storage[sizeof(Arena)];
  if (arena)
    arena->~Arena();
  arena = new (storage) Arena(kHeapBlocks, 64 << 20);

  rv64::JitOptions options{.cpu = cpu, .environment = &environment, .machine = machine};
  auto plan = rv64::plan(program, options, *arena);
  if (!plan)
    return {nullptr, 0, 0};
  size_t size = rv64::code_size(**plan);
  if (size > kCodeMemory)
    return {nullptr, 0, 0};
  size_t aligned = (size + 7) & ~size_t{7};
  if (aligned > kCodeMemory - memory.used)
    memory.used = 0;
  std::span<std::byte> out(memory.bytes + memory.used, size);
  uint64_t address = reinterpret_cast<uint64_t>(out.data());
  memory.used += aligned;
  if (!rv64::emit(**plan, out, address) || rv64::native_offset(**plan, UINT32_MAX) > size)
    return {nullptr, 0, 0};
  __builtin___clear_cache(reinterpret_cast<char *>(out.data()), reinterpret_cast<char *>(out.data() + size));
  faults = rv64::fault_table(**plan);
  faulting_code = address;
  return {reinterpret_cast<uint64_t (*)(uint64_t)>(address), size, address + rv64::tail_entry(**plan)};
}

size_t compilation_memory() { return arena ? arena->peak() : 0; }

void install_fault_handler() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
}

const InterpreterCode &translate_program(const VerifiedProgram &program, const Environment &environment,
                                         unsigned place) {
  alignas(Arena) static std::byte storage[2][sizeof(Arena)];
  static Arena *arenas[2];
  Arena *&arena = arenas[place];
  if (arena)
    arena->~Arena();
  arena = new (storage[place]) Arena(kHeapBlocks, 64 << 20);
  Result<const InterpreterCode *> code = translate(program, environment, *arena);
  if (!code.ok())
    abort();
  return **code;
}

uint64_t run_interpreter(const InterpreterCode &code, void *context) {
  constexpr size_t kTailCallRoom = 33 * 2 * 4096;
  alignas(16) static std::byte stack[8 * UnverifiedProgram::kStackSize + kTailCallRoom];
  return interpret(code, reinterpret_cast<uint64_t>(context), stack);
}

std::span<const rv64::CpuFeatures> cpu_variants() {
  static constexpr rv64::CpuFeatures kVariants[] = {{.zba = false, .zbb = false, .zbc = false},
                                                    {.zba = true, .zbb = true, .zbc = false}};
  return kVariants;
}

} // namespace kbpf::test
