// SPDX-License-Identifier: MIT OR Apache-2.0
#include "emulated.h"
#include "engine_features.h"
#include "tools/interpret_once.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

namespace kbpf::test {
namespace {

alignas(4096) std::byte code_memory[16 << 20];
size_t code_used = 0;
alignas(16) std::byte stack_memory[1 << 20];

// Functions have no address where the code runs, so they are given some, by number.
constexpr uint64_t kFarFunctions = 0x7000001000, kFunctionBytes = 64;
constexpr uint32_t kLoadPacket = 0x80;
uint64_t near_functions() { return reinterpret_cast<uintptr_t>(code_memory) + sizeof code_memory + 4096; }

uint64_t complement(uint64_t a, uint64_t, uint64_t, uint64_t, uint64_t) { return ~a; }
HelperFunction host_helper(uint32_t number) {
  return number == 1 ? mix : number == 2 ? complement : feature_helper(number);
}
template <bool nearby> HelperFunction address_of(uint32_t number) {
  if (!host_helper(number))
    return nullptr;
  return reinterpret_cast<HelperFunction>((nearby ? near_functions() : kFarFunctions) +
                                          number * kFunctionBytes);
}
template <bool nearby> const Environment &emulated_environment() {
  static const Environment environment{
      .helper = address_of<nearby>,
      .kernel_function = address_of<nearby>,
      .load_packet = reinterpret_cast<int64_t (*)(uint64_t, uint32_t, uint32_t)>(
          (nearby ? near_functions() : kFarFunctions) + kLoadPacket * kFunctionBytes),
      .prog_array = &kProgArrays};
  return environment;
}

// callx asks for the helper's address first.
template <bool nearby> bool call_outside(Rv64Machine &machine, uint64_t pc, uint64_t &result) {
  const uint64_t first = nearby ? near_functions() : kFarFunctions;
  if (pc == reinterpret_cast<uintptr_t>(address_of<nearby>)) {
    result =
        reinterpret_cast<uintptr_t>(address_of<nearby>(static_cast<uint32_t>(machine.x[Rv64Machine::kA0])));
    return true;
  }
  if (pc < first || (pc - first) % kFunctionBytes)
    return false;
  const uint64_t number = (pc - first) / kFunctionBytes;
  const uint64_t *a = machine.x + Rv64Machine::kA0;
  if (number == kLoadPacket) {
    result = static_cast<uint64_t>(
        load_test_packet(a[0], static_cast<uint32_t>(a[1]), static_cast<uint32_t>(a[2])));
    return true;
  }
  if (number == kRepeat) {
    const uint64_t count = a[0], callback = a[1], value = a[2];
    for (result = 0; result < count && !machine.error();)
      if (machine.call(callback, {result++, value}))
        break;
    return true;
  }
  HelperFunction function = number < kLoadPacket ? host_helper(static_cast<uint32_t>(number)) : nullptr;
  if (!function)
    return false;
  result = function(a[0], a[1], a[2], a[3], a[4]);
  return true;
}

// The interpreter's.
const InterpreterCode &translate_on_host(const VerifiedProgram &program, Arena &arena) {
  Result<const InterpreterCode *> code = translate(program, kHostEnvironment, arena);
  if (!code.ok())
    abort();
  return **code;
}

} // namespace

const Environment kHostEnvironment{.helper = host_helper,
                                   .kernel_function = host_helper,
                                   .load_packet = load_test_packet,
                                   .read_kernel = read_test_memory,
                                   .prog_array = &kProgArrays};

void forget_code() { code_used = 0; }

Emulated compile_emulated(const VerifiedProgram &program, rv64::CpuFeatures cpu, bool nearby) {
  return compile_emulated(program, cpu,
                          nearby ? emulated_environment<true>() : emulated_environment<false>());
}

Emulated compile_emulated(const VerifiedProgram &program, rv64::CpuFeatures cpu,
                          const Environment &environment, const kbpf_machine *machine) {
  Arena arena(kHeapBlocks, 64 << 20);
  auto plan = rv64::plan(program, {.cpu = cpu, .environment = &environment, .machine = machine}, arena);
  if (!plan.ok() || rv64::code_size(**plan) > sizeof code_memory - code_used)
    return {};
  const size_t size = rv64::code_size(**plan);
  std::span<std::byte> out(code_memory + code_used, size);
  const uint64_t address = reinterpret_cast<uintptr_t>(out.data());
  code_used += (size + 7) & ~size_t{7};
  if (!rv64::emit(**plan, out, address).ok())
    return {};
  return {true, address, address + rv64::tail_entry(**plan)};
}

uint64_t run_emulated(const Emulated &code, void *context, bool nearby, std::string &error) {
  return run_emulated(code, context, nearby ? call_outside<true> : call_outside<false>, error);
}

uint64_t run_emulated(const Emulated &code, void *context, Rv64Machine::Outside outside, std::string &error,
                      uint64_t tp) {
  Rv64Machine machine(std::span(code_memory).first(code_used), stack_memory, outside);
  constexpr unsigned kSaved[] = {3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27};
  uint64_t saved[32] = {};
  for (unsigned reg : kSaved)
    machine.x[reg] = saved[reg] = reg == Rv64Machine::kTp ? tp : 0x5a5a0000 + reg;
  uint64_t result = machine.call(code.entry, {reinterpret_cast<uintptr_t>(context)});
  error.clear();
  if (machine.error()) {
    char text[160];
    snprintf(text, sizeof text, "%s at +%llx", machine.error(),
             static_cast<unsigned long long>(machine.error_pc() - reinterpret_cast<uintptr_t>(code_memory)));
    error = text;
  }
  for (unsigned reg : kSaved)
    if (machine.x[reg] != saved[reg] && error.empty())
      error = "x" + std::to_string(reg) + " is not what it was";
  return result;
}

namespace {

// A random program of that seed. may_fault: now and then a load counts as one that may.
struct LoadedRandom {
  Insn insns[kMaxRandomInsns];
  alignas(UnverifiedProgram) std::byte storage[sizeof(UnverifiedProgram)];

  const VerifiedProgram &load(uint64_t seed, const RandomSurroundings &surroundings, bool may_fault) {
    RandomProgram random = random_program(seed, surroundings);
    memcpy(insns, random.insns.data(), random.insns.size_bytes());
    auto *loaded =
        new (storage) UnverifiedProgram(std::span(insns).first(random.insns.size()), random.callbacks);
    const VerifiedProgram &program = loaded->program();
    for (size_t i = 0; i < program.subprograms().size(); i++) {
      loaded->subprogram(i).zero_stack = random.reads_unwritten_stack;
      loaded->subprogram(i).stack_depth = random.stack_depth;
    }
    for (size_t i = 0; may_fault && i < random.insns.size(); i++)
      if (random.insns[i].cls() == KBPF_CLASS_LDX && i % 3 == 0)
        loaded->facts(i).faultable = true;
    return program;
  }
};

bool tail_calls(std::span<const Insn> insns) {
  return std::any_of(insns.begin(), insns.end(), [](const Insn &insn) { return insn.is_tail_call(); });
}

struct SharedMemory {
  alignas(16) std::byte context[kRandomContext], elements[kElements * kElementBytes];
};

} // namespace

std::string difference_of_random_program(uint64_t seed) {
  static auto first = std::make_unique<LoadedRandom>(), second = std::make_unique<LoadedRandom>();
  static SharedMemory memory;
  static ProgArray programs;
  alignas(16) static std::byte stack[8 * UnverifiedProgram::kStackSize + 33 * 2 * 4096];
  const RandomSurroundings surroundings{.prog_array = reinterpret_cast<uintptr_t>(&programs),
                                        .elements = reinterpret_cast<uintptr_t>(memory.elements),
                                        .has_packets = true,
                                        .has_calls_by_number = true};
  const VerifiedProgram &program = first->load(seed, surroundings, seed % 8 == 0);
  const VerifiedProgram *target =
      tail_calls(program.insns()) ? &second->load(seed ^ 0x5eed5eed00000000, surroundings, false) : nullptr;
  SharedMemory initial, expected;
  uint64_t state = ~seed;
  for (std::byte &byte : std::as_writable_bytes(std::span(&initial, 1)))
    byte = static_cast<std::byte>(next_random(state));
  memory = initial;
  programs = {};
  Arena arena(kHeapBlocks, 64 << 20);
  if (target)
    programs.slots[1] = reinterpret_cast<uintptr_t>(&translate_on_host(*target, arena));
  const uint64_t want =
      interpret(translate_on_host(program, arena), reinterpret_cast<uintptr_t>(memory.context), stack);
  expected = memory;

  const bool has_extensions = seed & 1, nearby = seed & 2;
  const rv64::CpuFeatures cpu{.zba = has_extensions, .zbb = has_extensions, .zbc = false};
  forget_code();
  const Emulated code = compile_emulated(program, cpu, nearby);
  const Emulated target_code = target ? compile_emulated(*target, cpu, nearby) : code;
  if (!code.compiled || !target_code.compiled)
    return "it does not compile";
  if (target)
    programs.slots[1] = target_code.tail_entry;
  memory = initial;
  std::string error;
  const uint64_t got = run_emulated(code, memory.context, nearby, error);
  if (!error.empty())
    return error;
  if (got != want) {
    char text[80];
    snprintf(text, sizeof text, "r0 %llx, not %llx", static_cast<unsigned long long>(got),
             static_cast<unsigned long long>(want));
    return text;
  }
  return memcmp(&memory, &expected, sizeof memory) ? "memory differs" : "";
}

} // namespace kbpf::test
