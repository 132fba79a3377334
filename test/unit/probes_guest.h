// SPDX-License-Identifier: MIT OR Apache-2.0
// A guest for probe tests: RISC-V functions in host memory, registered as kernel text, and a hart that runs
// them. The hart executes just the instructions that the functions use, by code of its own, and takes a
// breakpoint to kbpf_on_breakpoint as a kernel's trap handler does; slots and trampolines are executed from
// where they really are.
#pragma once
#include "hostport/hostport.h"
#include "kernel/probes/probes.h"
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace kbpf::test {

// What the fake Program::run calls.
struct FakeProgram;
using Handler = std::function<void(void *context)>;

// A program that is a C++ function, with one reference for the caller. destroyed: set when the last one is
// gone.
Ref<Program> make_program(Handler handler, const Profile &profile = kKbpfProfile, bool *destroyed = nullptr);
Ref<Program> make_program_of_type(const ProgTypeInfo &type);

// Functions of the guest (probes_guest.cpp shows their code).
enum Function : unsigned {
  kSum,         // sum(n) = n + sum(n - 1), recursive
  kGetter,      // loads from a0: out of line from its first instruction
  kShortGetter, // the same, compressed
  kTail,        // sum(n + 1) by a tail call
  kExchange,    // an lr/sc loop
  kOuter,       // inner(n) + 100
  kInner,       // 2 * n
  kFunctions
};
uintptr_t address_of(Function function);
std::string name_of(Function function);
// A copy of the function in a page of its own: at page, or at the first free one below. Registered as text
// and symbol.
uintptr_t copy_function(Function function, uintptr_t page, const std::string &name);
std::vector<uint8_t> text_bytes(); // the guest's whole text as it is now

constexpr uint64_t kCaller = 0x1000; // where a call returns to, outside of all text

class Hart {
public:
  Hart();
  // Calls a function and returns its a0.
  uint64_t call(Function function, uint64_t a0);
  // The same in steps: until pc is stop, which is not executed.
  void begin_call(Function function, uint64_t a0) { begin_call_at(address_of(function), a0); }
  void begin_call_at(uint64_t pc, uint64_t a0);
  void run_until(uint64_t stop);
  void step();

  kbpf_regs regs = {};
  uint64_t breakpoints = 0; // taken so far
  uint64_t faulting = 0;    // a load from this address faults, if not 0
  bool fault_taken = false;
  uint64_t fault_epc = 0; // as kbpf_on_fault left it

private:
  void execute(uint64_t pc, uint32_t word);
  void load(unsigned rd, uint64_t address, uint64_t next);
  void set(unsigned rd, uint64_t value);
  uint64_t get(unsigned r) const { return r ? regs.x[r - 1] : 0; }
  std::vector<uint64_t> stack_;
};

class ProbeTest : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;
  // Attach or detach; why_ has the reason of a refusal.
  Result<void> attach(const Ref<Program> &program, const std::string &target);
  Result<void> detach(const std::string &target, const Program *program = nullptr);
  std::string why_;
};

} // namespace kbpf::test
