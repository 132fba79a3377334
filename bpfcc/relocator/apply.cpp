// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes what resolve decided into the code of the programs. No decision and no error is left for here.
#include "bpfcc/relocator/image.h"

namespace bpfcc {
namespace {

// Not a helper of any kernel: a call of a weak function that is missing must be dead code, or be refused.
constexpr int32_t kMissingHelper = 0x7fffffff;

class Application {
public:
  Application(const Image &image, Program &program) : image_(image), program_(program) {
    for (const Part &part : program.parts)
      first_.emplace(part.function, part.first);
  }

  void run() {
    for (const Part &part : program_.parts) {
      const Function &function = image_.functions[part.function];
      for (uint32_t i = function.first_reloc; i < function.last_reloc; i++)
        apply(image_.relocs[i], part.first + (image_.relocs[i].insn - function.first));
    }
  }

private:
  void apply(const Reloc &reloc, uint32_t P);
  void write_load(uint32_t P, uint8_t src, uint32_t low, uint32_t high) {
    kbpf::Insn &insn = program_.code[P];
    insn.set_regs(insn.dst(), src);
    insn.imm = static_cast<int32_t>(low);
    program_.code[P + 1].imm = static_cast<int32_t>(high);
  }
  void write_call(uint32_t P, uint8_t src, int32_t imm) {
    program_.code[P].set_regs(program_.code[P].dst(), src);
    program_.code[P].imm = imm;
  }
  // In slots, from the instruction behind P to the function.
  uint32_t distance(uint32_t P, uint32_t function) const { return first_.at(function) - (P + 1); }

  const Image &image_;
  Program &program_;
  std::unordered_map<uint32_t, uint32_t> first_; // function -> its first slot in the program
};

void Application::apply(const Reloc &reloc, uint32_t P) {
  const Resolved &target = reloc.resolved;
  switch (target.kind) {
  case ResolvedKind::map_index:
    return write_load(P, KBPF_PSEUDO_MAP_IDX, target.index, 0);
  case ResolvedKind::map_value:
    return write_load(P, KBPF_PSEUDO_MAP_IDX_VALUE, target.index, target.offset);
  case ResolvedKind::map_fd_slot:
    write_load(P, 0, 0, 0);
    program_.kept.push_back({P, target.index});
    return;
  case ResolvedKind::kernel_variable:
    return write_load(P, KBPF_PSEUDO_BTF_ID, target.index, 0);
  case ResolvedKind::constant:
    return write_load(P, 0, target.index, target.offset);
  case ResolvedKind::null_address:
    return write_load(P, 0, 0, 0);
  case ResolvedKind::subprog_ref:
    return write_load(P, KBPF_PSEUDO_FUNC, distance(P, target.index), 0);
  case ResolvedKind::subprog_call:
    return write_call(P, KBPF_PSEUDO_CALL, static_cast<int32_t>(distance(P, target.index)));
  case ResolvedKind::helper:
    return write_call(P, 0, static_cast<int32_t>(target.index));
  case ResolvedKind::missing_call:
    return write_call(P, 0, kMissingHelper);
  case ResolvedKind::for_loader:
  case ResolvedKind::unresolved:
    return;
  }
}

} // namespace

void apply(Image &image) {
  for (Program &program : image.programs)
    if (!program.code.empty())
      Application(image, program).run();
}

} // namespace bpfcc
