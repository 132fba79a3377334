// SPDX-License-Identifier: MIT OR Apache-2.0
// A RISC-V hart in software, so that machine code of the JIT runs on any host, under sanitizers, and without
// the cost of an emulator that translates code which is run once. It knows the instructions of rv64imac, Zba
// and Zbb that a compiler of BPF may want (unprivileged specification), and stops at any other. Addresses are
// the host's own.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kbpf::test {

class Rv64Machine {
public:
  // pc is outside of the code: does what the function there does, with its arguments in a0 to a4, and gives
  // its a0. False: there is no function. What a callee may change is garbage afterwards.
  using Outside = bool (*)(Rv64Machine &machine, uint64_t pc, uint64_t &result);

  // Runs code inside of these bytes only, with the stack pointer at the end of stack.
  Rv64Machine(std::span<const std::byte> code, std::span<std::byte> stack, Outside outside)
      : code_(reinterpret_cast<uintptr_t>(code.data())), code_size_(code.size()), outside_(outside) {
    x[kSp] = reinterpret_cast<uintptr_t>(stack.data() + stack.size());
  }

  // Calls the function there, with up to five arguments, and gives its a0 when it returns. May nest, from
  // within Outside. Where something goes wrong the result is 0, and error() says what.
  uint64_t call(uint64_t function, const std::array<uint64_t, 5> &arguments);

  // Null: all went well. Else what stopped the machine; at error_pc().
  const char *error() const { return error_; }
  uint64_t error_pc() const { return pc_; }

  static constexpr unsigned kRa = 1, kSp = 2, kTp = 4, kA0 = 10;
  uint64_t x[32] = {};
  uint64_t time = 0; // the time CSR

private:
  static constexpr uint64_t kReturnAddress = 0xfffffffffffff000;
  static constexpr uint64_t kFuel =
      200'000'000; // instructions in one run: may_goto alone takes 8 million rounds

  void run();
  bool is_code(uint64_t address) const { return address - code_ < code_size_; }
  void leave();
  void step();
  void step_compressed(uint32_t insn);
  void step_system(uint32_t insn);
  bool operate(uint32_t insn, bool is_word);
  bool operate_immediate(uint32_t insn, bool is_word);
  bool load(unsigned rd, unsigned funct3, uint64_t address);
  bool store(unsigned funct3, uint64_t address, uint64_t value);
  bool atomic(uint32_t insn);
  void set(unsigned rd, uint64_t value) {
    if (rd)
      x[rd] = value;
  }
  void stop(const char *why) {
    if (!error_)
      error_ = why;
  }

  uint64_t code_, code_size_;
  Outside outside_;
  uint64_t pc_ = 0, next_ = 0;
  uint64_t reserved_ = 0; // address of the last load-reserved; 0: none
  uint64_t fuel_ = kFuel;
  const char *error_ = nullptr;
};

} // namespace kbpf::test
