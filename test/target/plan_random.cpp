// SPDX-License-Identifier: MIT OR Apache-2.0
// Compiles random programs, for both CPU variants, without running them: the JIT is the same on any machine,
// so a build for the host with coverage instrumentation tells what the generator reaches (coverage.py). Also
// prints how often each opcode came.
//   plan_random FIRST_SEED COUNT
#include "core/jit/rv64/jit.h"
#include "random_program.h"
#include "tools/unverified_program.h"
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace kbpf;

namespace {

HelperFunction helper(uint32_t number) { // an address that is never called
  bool is_there = number >= 1 && number <= 7 && number != KBPF_HELPER_TAIL_CALL;
  return is_there ? reinterpret_cast<HelperFunction>(uintptr_t{0x7000001000} + number * 64) : nullptr;
}
int64_t load_packet(uint64_t, uint32_t, uint32_t) { return 0; }

constexpr ProgArrayLayout kProgArrays{.count = 4, .slots = 8};
constexpr Environment kEnvironment{
    .helper = helper, .kernel_function = helper, .load_packet = load_packet, .prog_array = &kProgArrays};
constexpr test::RandomSurroundings kSurroundings{
    .prog_array = 0x7000002000, .elements = 0x3000, .has_packets = true, .has_calls_by_number = true};
constexpr BlockSource kHeap{[](void *, size_t size) { return malloc(size); },
                            [](void *, void *block, size_t) { free(block); }, nullptr};

uint64_t opcodes[256];

bool compile(uint64_t seed, UnverifiedProgram &loaded, const test::RandomProgram &random) {
  for (size_t i = 0; i < loaded.program().subprograms().size(); i++) {
    loaded.subprogram(i).zero_stack = random.reads_unwritten_stack;
    loaded.subprogram(i).stack_depth = random.stack_depth;
  }
  for (size_t i = 0; i < random.insns.size(); i++) {
    opcodes[random.insns[i].opcode]++;
    loaded.facts(i).faultable = random.insns[i].cls() == KBPF_CLASS_LDX && seed % 8 == 0 && i % 3 == 0;
  }
  for (bool has_extensions : {false, true}) {
    Arena arena(kHeap, 64 << 20);
    auto plan = rv64::plan(
        loaded.program(),
        {.cpu = {.zba = has_extensions, .zbb = has_extensions, .zbc = false}, .environment = &kEnvironment},
        arena);
    if (!plan.ok())
      return false;
    std::vector<uint32_t> code(rv64::code_size(**plan) / 4);
    for (uint64_t address :
         {uint64_t{0x10000}, uint64_t{0x7000100000}}) // functions and data are far, or near
      if (!rv64::emit(**plan, std::as_writable_bytes(std::span(code)), address).ok())
        return false;
  }
  return true;
}

} // namespace

int main(int argc, char **argv) {
  uint64_t first = argc > 1 ? strtoull(argv[1], nullptr, 0) : 1;
  uint64_t count = argc > 2 ? strtoull(argv[2], nullptr, 0) : 1000;
  auto *memory = static_cast<UnverifiedProgram *>(malloc(sizeof(UnverifiedProgram)));
  for (uint64_t seed = first; seed < first + count; seed++) {
    test::RandomProgram random = test::random_program(seed, kSurroundings);
    UnverifiedProgram &loaded = *new (memory) UnverifiedProgram(random.insns, random.callbacks);
    if (!compile(seed, loaded, random)) {
      fprintf(stderr, "seed %llu: the JIT refuses it\n", static_cast<unsigned long long>(seed));
      return 1;
    }
  }
  for (unsigned opcode = 0; opcode < 256; opcode++)
    if (opcodes[opcode])
      printf("opcode %02x %llu\n", opcode, static_cast<unsigned long long>(opcodes[opcode]));
  return 0;
}
