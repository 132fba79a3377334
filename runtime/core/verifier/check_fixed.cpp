// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/isa/encoding.h"
#include "core/verifier/fixup.h"
#include <algorithm>

namespace kbpf {
namespace {

class FixedCheck {
public:
  FixedCheck(const FixedProgram &fixed, Arena &scratch, Rejection &rejection)
      : fixed_(fixed), scratch_(scratch), rejection_(rejection) {}

  Result<void> run() {
    if (fixed_.facts.size() != fixed_.insns.size())
      return refuse(0, "there are not as many facts as instructions");
    KBPF_TRY(check_functions());
    const std::span<Insn> code = scratch_.make_array<Insn>(fixed_.insns.size());
    if (!code.data())
      return Error::no_memory;
    for (size_t i = 0; i < code.size(); i++)
      code[i] = KBPF_TRY(as_given(i));
    if (const std::optional<EncodingFault> fault = check_encoding(code))
      return refuse(fault->insn, fault->reason);
    for (const Subprogram &function : fixed_.subprograms)
      KBPF_TRY(check_targets(function));
    return {};
  }

private:
  Error refuse(size_t insn, std::string_view what) {
    return reject(rejection_, RejectionId::malformed_encoding, static_cast<uint32_t>(insn),
                  "the verifier has written wrong code, which is an error of its own: {}", what);
  }

  // One behind the other, from the first instruction to the last.
  Result<void> check_functions() {
    size_t next = 0;
    for (const Subprogram &function : fixed_.subprograms) {
      if (function.first != next || function.count == 0 || function.count > fixed_.insns.size() - next)
        return refuse(next, "functions do not follow each other");
      next += function.count;
      const Insn &last = fixed_.insns[next - 1];
      if (!last.is_exit() && !(last.is_jump_class() && last.code() == KBPF_JMP_JA))
        return refuse(next - 1, "control runs on behind a function");
    }
    return next == fixed_.insns.size() ? Result<void>() : refuse(next, "code belongs to no function");
  }

  // The instruction as a program could have it, in place of what verified programs alone have.
  Result<Insn> as_given(size_t i) {
    Insn insn = fixed_.insns[i];
    if (insn.is_told())
      return Insn{KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_K, 0, 0, 0};
    if (!insn.is_ld_imm64() || insn.src() == 0)
      return insn;
    if (!insn.is_function_address() || static_cast<uint32_t>(insn.imm) >= fixed_.subprograms.size())
      return refuse(i, "an ld_imm64 is not resolved");
    insn.imm = static_cast<int32_t>(fixed_.subprograms[static_cast<uint32_t>(insn.imm)].first - i - 1);
    return insn;
  }

  Result<void> check_targets(const Subprogram &function) {
    const auto begins = [&](int64_t at) {
      const auto found = std::ranges::lower_bound(fixed_.subprograms, at, {},
                                                  [](const Subprogram &s) { return int64_t{s.first}; });
      return found != fixed_.subprograms.end() && found->first == at;
    };
    for (size_t i = function.first; i < function.first + function.count; i++) {
      const Insn &insn = fixed_.insns[i];
      if (!insn.is_jump_class() || insn.is_exit() || insn.is_told() || (insn.is_call() && insn.src() == 0))
        continue;
      const int64_t target = jump_target(i, insn);
      if (insn.is_call() ? !begins(target)
                         : target < function.first || target >= int64_t{function.first} + function.count)
        return refuse(i, "a jump or call goes astray");
    }
    return {};
  }

  const FixedProgram &fixed_;
  Arena &scratch_;
  Rejection &rejection_;
};

} // namespace

Result<void> check_fixed(const FixedProgram &fixed, Arena &scratch, Rejection &rejection) {
  return FixedCheck(fixed, scratch, rejection).run();
}

} // namespace kbpf
