// SPDX-License-Identifier: MIT OR Apache-2.0
#include "compiled.h"
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
std::byte *code_memory;
size_t code_used;

Arena *arena;
std::span<const rv64::FaultEntry> faults;
uint64_t faulting_code;

uint64_t mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  return ((((a * 31 + b) * 31 + c) * 31 + d) * 31 + e) ^ 0x9e3779b97f4a7c15;
}

uint64_t spoil(uint64_t a, uint64_t, uint64_t, uint64_t, uint64_t) {
  asm volatile("li t0, -1; li t1, -1; li t2, -1; li t3, -1; li t4, -1; li t5, -1; li t6, -1;"
               "li a1, -1; li a2, -1; li a3, -1; li a4, -1; li a5, -1; li a6, -1; li a7, -1" ::
                   : "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", "a4", "a5", "a6", "a7");
  return ~a;
}

HelperFunction helper(uint32_t number) { return number == 1 ? mix : number == 2 ? spoil : nullptr; }

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

const Environment kEnvironment{helper};

UnverifiedProgram &load_program(std::span<const Insn> insns) {
  alignas(UnverifiedProgram) static std::byte storage[sizeof(UnverifiedProgram)];
  return *new (storage) UnverifiedProgram(insns);
}

Compiled compile(const VerifiedProgram &program, rv64::CpuFeatures cpu, bool with_region) {
  if (!code_memory) {
    void *memory =
        mmap(nullptr, kCodeMemory, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      abort();
    code_memory = static_cast<std::byte *>(memory);
  }
  static BlockSource blocks{[](void *, size_t size) { return malloc(size); },
                            [](void *, void *block, size_t) { free(block); }, nullptr};
  alignas(Arena) static std::byte storage[sizeof(Arena)];
  if (arena)
    arena->~Arena();
  arena = new (storage) Arena(blocks, 64 << 20);

  uint64_t low = reinterpret_cast<uint64_t>(code_memory);
  rv64::JitOptions options{.cpu = cpu, .environment = &kEnvironment};
  if (with_region)
    options.region = {low, low + kCodeMemory};
  auto plan = rv64::plan(program, options, *arena);
  if (!plan)
    return {nullptr, 0};
  size_t size = rv64::code_size(**plan);
  if (size > kCodeMemory)
    return {nullptr, 0};
  if (size > kCodeMemory - code_used)
    code_used = 0;
  std::span<std::byte> out(code_memory + code_used, size);
  uint64_t address = reinterpret_cast<uint64_t>(out.data());
  code_used += size;
  if (!rv64::emit(**plan, out, address) || rv64::native_offset(**plan, UINT32_MAX) > size)
    return {nullptr, 0};
  __builtin___clear_cache(reinterpret_cast<char *>(out.data()), reinterpret_cast<char *>(out.data() + size));
  faults = rv64::fault_table(**plan);
  faulting_code = address;
  return {reinterpret_cast<uint64_t (*)(uint64_t)>(address), size};
}

void install_fault_handler() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
}

uint64_t run_interpreter(const VerifiedProgram &program, void *context) {
  alignas(16) static std::byte stack[UnverifiedProgram::kStackSize];
  return interpret(program, kEnvironment, reinterpret_cast<uint64_t>(context), stack);
}

std::span<const rv64::CpuFeatures> cpu_variants() {
  static constexpr rv64::CpuFeatures kVariants[] = {{.zba = false, .zbb = false, .zbc = false},
                                                    {.zba = true, .zbb = true, .zbc = false}};
  return kVariants;
}

} // namespace kbpf::test
