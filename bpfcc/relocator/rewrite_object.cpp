// SPDX-License-Identifier: MIT OR Apache-2.0
// Works in place on a copy of the input: a shortened table leaves a gap behind it, and no section moves.
#include "bpfcc/relocator/rewrite_object.h"
#include <algorithm>
#include <cstring>
#include <elf.h>

namespace bpfcc {
namespace {

template <typename T> T load(const std::string &bytes, size_t at) {
  T value;
  memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
template <typename T> void store(std::string &bytes, size_t at, const T &value) {
  memcpy(bytes.data() + at, &value, sizeof value);
}

class Rewriter {
public:
  explicit Rewriter(const Image &image) : image_(image), out_(image.bytes) {}

  std::string run() {
    for (const Reloc &reloc : image_.relocs)
      if (reloc.kind == RelocKind::extern_call && reloc.resolved.kind == ResolvedKind::helper)
        calls_.push_back(&reloc); // by ascending section, then insn, as all relocations are
    if (calls_.empty())
      return std::move(out_);
    for (const Reloc *call : calls_)
      patch_call(*call);
    for (uint32_t i = 1; i < image_.sections.size(); i++)
      if (image_.sections[i].type == SHT_REL)
        drop_relocs(i);
    drop_symbols();
    return std::move(out_);
  }

private:
  size_t offset_of(uint32_t section) const {
    return static_cast<size_t>(image_.sections[section].contents.data() - image_.bytes.data());
  }
  void set_section_size(uint32_t section, uint64_t size) {
    uint64_t table = load<Elf64_Ehdr>(out_, 0).e_shoff;
    store(out_, table + section * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size), size);
  }

  void patch_call(const Reloc &call) {
    size_t at = offset_of(call.section) + size_t(call.insn) * sizeof(kbpf::Insn);
    auto insn = load<kbpf::Insn>(out_, at);
    insn.set_regs(0, 0);
    insn.imm = static_cast<int32_t>(call.resolved.index);
    store(out_, at, insn);
  }

  bool is_resolved_call(uint32_t section, uint64_t offset) const {
    auto found = std::lower_bound(calls_.begin(), calls_.end(), offset, [&](const Reloc *call, uint64_t at) {
      return call->section != section ? call->section < section : uint64_t(call->insn) * 8 < at;
    });
    return found != calls_.end() && (*found)->section == section && uint64_t((*found)->insn) * 8 == offset;
  }

  // Closes the gaps that dropped relocations leave, and notes the symbols of those that stay.
  void drop_relocs(uint32_t index) {
    referenced_.resize(image_.symbols.size());
    const Section &section = image_.sections[index];
    size_t begin = offset_of(index), end = begin;
    for (size_t at = begin; at < begin + section.contents.size(); at += sizeof(Elf64_Rel)) {
      auto reloc = load<Elf64_Rel>(out_, at);
      if (is_resolved_call(section.info, reloc.r_offset))
        continue;
      uint64_t symbol = ELF64_R_SYM(reloc.r_info);
      if (symbol < referenced_.size())
        referenced_[symbol] = true;
      store(out_, end, reloc);
      end += sizeof reloc;
    }
    kept_.emplace_back(index, end - begin);
    set_section_size(index, end - begin);
  }

  void drop_symbols() {
    std::vector<bool> dropped(image_.symbols.size());
    for (const Reloc *call : calls_)
      dropped[call->symbol] = !referenced_[call->symbol];
    std::vector<uint32_t> renumbered(image_.symbols.size());
    size_t begin = offset_of(image_.symtab_section), end = begin;
    for (uint32_t i = 0; i < image_.symbols.size(); i++) {
      if (dropped[i])
        continue;
      renumbered[i] = static_cast<uint32_t>((end - begin) / sizeof(Elf64_Sym));
      store(out_, end, load<Elf64_Sym>(out_, begin + i * sizeof(Elf64_Sym)));
      end += sizeof(Elf64_Sym);
    }
    set_section_size(image_.symtab_section, end - begin);
    for (auto [index, size] : kept_) {
      for (size_t at = offset_of(index); at < offset_of(index) + size; at += sizeof(Elf64_Rel)) {
        auto reloc = load<Elf64_Rel>(out_, at);
        uint64_t symbol = ELF64_R_SYM(reloc.r_info);
        if (symbol < renumbered.size())
          reloc.r_info = ELF64_R_INFO(uint64_t(renumbered[symbol]), ELF64_R_TYPE(reloc.r_info));
        store(out_, at, reloc);
      }
    }
    // A hint for linkers that merge functions; it counts symbols, too.
    for (uint32_t i = 1; i < image_.sections.size(); i++)
      if (image_.sections[i].name == ".llvm_addrsig")
        set_section_size(i, 0);
  }

  const Image &image_;
  std::string out_;
  std::vector<const Reloc *> calls_;
  std::vector<bool> referenced_;
  std::vector<std::pair<uint32_t, size_t>> kept_; // relocation section, bytes
};

} // namespace

std::string rewrite_object(const Image &image) { return Rewriter(image).run(); }

} // namespace bpfcc
