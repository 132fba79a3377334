// SPDX-License-Identifier: MIT OR Apache-2.0
#include "machine_code.h"
#include "emulated.h"
#include "world.h"

namespace kbpf::soundness {
namespace {

// Helpers have no address where the code runs: each gets one by its number.
constexpr uint64_t kFunctions = 0x7000001000, kFunctionBytes = 16;

HelperFunction address_of(uint32_t number) {
  if (!World::helper(number))
    return nullptr;
  return reinterpret_cast<HelperFunction>(kFunctions + number * kFunctionBytes);
}
constexpr Environment kEnvironment{.helper = address_of, .kernel_function = address_of};
constexpr kbpf_machine kMachine{
    .cpu = {.base = test::Rv64Machine::kTp, .bytes = 4, .through = -1, .offset = 0},
    .pid_tgid = {},
    .time = {}};

test::Rv64Machine *running; // that helpers call back

uint64_t call_back(uint64_t handle, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5) {
  return running->call(handle, {a1, a2, a3, a4, a5});
}

bool call_outside(test::Rv64Machine &machine, uint64_t pc, uint64_t &result) {
  if (pc < kFunctions || (pc - kFunctions) % kFunctionBytes)
    return false;
  HelperFunction function = World::helper(static_cast<uint32_t>((pc - kFunctions) / kFunctionBytes));
  if (!function)
    return false;
  running = &machine;
  const uint64_t *a = machine.x + test::Rv64Machine::kA0;
  result = function(a[0], a[1], a[2], a[3], a[4]);
  return true;
}

} // namespace

uint64_t run_machine_code(const VerifiedProgram &program, unsigned variant, std::string &error) {
  const bool zba = variant & 1, zbb = variant & 2;
  test::forget_code();
  const test::Emulated code =
      test::compile_emulated(program, {.zba = zba, .zbb = zbb, .zbc = false}, kEnvironment, &kMachine);
  if (!code.compiled) {
    error = "it does not compile";
    return 0;
  }
  World &world = World::the();
  world.call_back = call_back;
  return test::run_emulated(code, reinterpret_cast<void *>(world.context()), call_outside, error,
                            reinterpret_cast<uint64_t>(&world.processor()));
}

} // namespace kbpf::soundness
