// SPDX-License-Identifier: MIT OR Apache-2.0
// Applies CO-RE relocations against the kernel's types: the records become constants in the code, and leave
// the object. Where the kernel has no answer the instruction becomes a call that no kernel knows; a program
// that guards it by a question whether the field exists never gets there, and the verifier refuses others.
#include "bpfcc/relocator/core_spec.h"
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>

namespace bpfcc {
namespace {

constexpr int32_t kPoison = 0xbad2310; // libbpf's number, so that its users recognise it

constexpr std::pair<uint8_t, uint32_t> kSizes[] = {
    {KBPF_SIZE_B, 1}, {KBPF_SIZE_H, 2}, {KBPF_SIZE_W, 4}, {KBPF_SIZE_DW, 8}};
constexpr uint8_t kSizeMask = 0x18;

uint32_t access_bytes(const kbpf::Insn &insn) {
  for (auto [bits, bytes] : kSizes)
    if (insn.size() == bits)
      return bytes;
  return 0;
}

std::optional<uint8_t> size_bits(uint32_t wanted) {
  for (auto [bits, bytes] : kSizes)
    if (bytes == wanted)
      return bits;
  return std::nullopt;
}

class Patch {
public:
  Patch(kbpf::Insn *insns, size_t room, const CoreAnswer &answer)
      : insns_(insns), room_(room), answer_(answer) {}
  // Empty: written.
  std::string run();
  void poison(kbpf::Insn &insn) const {
    insn = kbpf::Insn{};
    insn.opcode = KBPF_CLASS_JMP | KBPF_JMP_CALL;
    insn.imm = kPoison;
  }

private:
  bool is_wide() const { return insns_[0].is_ld_imm64(); }
  std::string patch_memory();
  std::string mismatch(int64_t found) const {
    return concat("malformed CO-RE relocation: the instruction holds ", found, ", and the type says ",
                  answer_.local);
  }

  kbpf::Insn *insns_;
  size_t room_;
  const CoreAnswer &answer_;
};

std::string Patch::patch_memory() {
  kbpf::Insn &insn = insns_[0];
  if (answer_.exact && static_cast<uint64_t>(int64_t(insn.off)) != answer_.local)
    return mismatch(insn.off);
  if (answer_.target > INT16_MAX)
    return concat("offset ", answer_.target, " is too large for a load; the limit is ", INT16_MAX);
  if (answer_.local_size && answer_.target_size && answer_.local_size != answer_.target_size) {
    auto bits = size_bits(answer_.target_size);
    if (access_bytes(insn) != answer_.local_size || !bits)
      return concat("the field has ", answer_.target_size, " bytes in the kernel, and is accessed by ",
                    access_bytes(insn));
    insn.opcode = static_cast<uint8_t>((insn.opcode & ~kSizeMask) | *bits);
  }
  insn.off = static_cast<int16_t>(answer_.target);
  return {};
}

std::string Patch::run() {
  kbpf::Insn &insn = insns_[0];
  if (is_wide() && room_ < 2)
    return "malformed CO-RE relocation: a 64-bit load is cut off";
  bool memory = insn.cls() == KBPF_CLASS_LDX || insn.cls() == KBPF_CLASS_ST || insn.cls() == KBPF_CLASS_STX;
  if (answer_.missing || (memory && answer_.size_clash)) {
    bool wide = is_wide();
    poison(insn);
    if (wide)
      poison(insns_[1]);
    return {};
  }
  if (is_wide()) {
    uint64_t held = static_cast<uint32_t>(insn.imm) | uint64_t(static_cast<uint32_t>(insns_[1].imm)) << 32;
    if (answer_.exact && held != answer_.local)
      return mismatch(static_cast<int64_t>(held));
    insn.imm = static_cast<int32_t>(answer_.target);
    insns_[1].imm = static_cast<int32_t>(answer_.target >> 32);
    return {};
  }
  if (memory)
    return patch_memory();
  if (!insn.is_alu() || insn.src_is_reg())
    return "malformed CO-RE relocation: neither an access nor an operation with a constant";
  if (answer_.exact && static_cast<uint32_t>(insn.imm) != static_cast<uint32_t>(answer_.local))
    return mismatch(insn.imm);
  insn.imm = static_cast<int32_t>(answer_.target);
  return {};
}

} // namespace

void apply_core(Image &image) {
  if (image.btf.empty() || image.btf_ext.core_relos.empty())
    return;
  const Btf *kernel = image.options.kernel_types;
  Btf default_kernel;
  std::string malformed;
  if (!kernel && !image.options.default_kernel.empty() &&
      default_kernel.parse(image.options.default_kernel, malformed))
    kernel = &default_kernel;
  if (!kernel)
    return;
  const CoreResolver resolver(image.btf, *kernel);
  const std::vector<CoreRelo> &relos = image.btf_ext.core_relos;
  std::vector<std::optional<CoreAnswer>> answers(relos.size());
  std::vector<bool> asked(relos.size());
  // Of a type that the default kernel does not know by name: then the program means some other kernel.
  auto is_foreign = [&](const CoreRelo &relo) {
    return kernel == &default_kernel && resolver.candidates(relo).empty();
  };
  for (Program &program : image.programs) {
    if (program.code.empty())
      continue;
    for (const Part &part : program.parts) {
      const Function &function = image.functions[part.function];
      auto relo =
          std::lower_bound(relos.begin(), relos.end(), function, [](const CoreRelo &a, const Function &f) {
            return a.section != f.section ? a.section < f.section : a.insn < f.first;
          });
      for (; relo != relos.end() && relo->section == function.section &&
             relo->insn < function.first + function.count;
           ++relo) {
        size_t index = static_cast<size_t>(relo - relos.begin());
        if (is_foreign(*relo))
          continue;
        bool first = !asked[index];
        std::string error;
        if (first)
          answers[index] = resolver.answer(*relo, error);
        asked[index] = true;
        if (answers[index]) {
          size_t at = part.first + (relo->insn - function.first);
          error = Patch(&program.code[at], program.code.size() - at, *answers[index]).run();
          if (!error.empty())
            error = concat(resolver.subject(*relo), ": ", error);
        }
        if (!error.empty() && first) {
          error_at(image, relo->section, relo->insn, error);
          continue;
        }
        if (first && answers[index] && (answers[index]->missing || answers[index]->size_clash)) {
          std::string candidates = resolver.candidates(*relo);
          image.poisoned.emplace(
              std::pair(relo->section, relo->insn),
              concat("the kernel has no ", resolver.subject(*relo),
                     answers[index]->missing ? "" : " of a size that this access can have",
                     candidates.empty() ? "; no type has that name" : concat("; candidates: ", candidates)));
        }
      }
    }
  }
  std::erase_if(image.btf_ext.core_relos, [&](const CoreRelo &relo) { return !is_foreign(relo); });
}

} // namespace bpfcc
