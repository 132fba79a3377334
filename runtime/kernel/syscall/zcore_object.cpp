// SPDX-License-Identifier: MIT OR Apache-2.0
// Loading a zcore object: code in .text, maps as undefined symbols. Each reference becomes the address of a
// slot that holds the map's number; the program loads the number and gives it to a helper.
#include "core/image/zcore_view.h"
#include "kernel/log.h"
#include "kernel/syscall/object_loader.h"

namespace kbpf {
namespace {

Result<uint32_t> read_profile(const elf::ElfView &elf, TextSink &why) {
  Result<std::optional<elf::Section>> found = elf.find(KBPF_SEC_ABI);
  if (!found.ok()) {
    print(why, "more than one section is called {}\n", KBPF_SEC_ABI);
    return found.error();
  }
  if (!*found)
    return uint32_t{KBPF_PROFILE_ZCORE};
  kbpf_abi_record record = KBPF_TRY((*found)->bytes.read<kbpf_abi_record>(0));
  return uint32_t{record.profile};
}

constexpr uint32_t kProbe = 2; // the one program type that those kernels have

} // namespace

Result<uint32_t> profile_of_object(std::span<const std::byte> bytes, TextSink &why) {
  elf::ElfView elf = KBPF_TRY(elf::ElfView::open(bytes, why));
  return read_profile(elf, why);
}

Result<Ref<Program>> load_zcore_object(const ObjectSource &source, ProgramLoader &loader) {
  ZcoreView object = KBPF_TRY(ZcoreView::open(source.bytes, *source.log));
  std::span<Insn> insns = KBPF_TRY(loader.allocate_insns(object.text().size()));
  memcpy(insns.data(), object.text().data(), insns.size_bytes());

  for (uint32_t i = 0; i < object.reloc_count(); i++) {
    ZcoreView::MapReloc reloc = KBPF_TRY(object.reloc(i));
    if (reloc.is_64_32) {
      print(*source.log, "instruction {}: a call of {}, which is no function of the object\n", reloc.insn,
            reloc.symbol);
      return Error::not_supported;
    }
    Map *map = source.bound_map(reloc.symbol);
    if (!map) {
      print(*source.log, "instruction {}: no map is given for the symbol {}\n", reloc.insn, reloc.symbol);
      return Error::not_found;
    }
    uint32_t index = KBPF_TRY(loader.add_map(Ref<Map>::share(map)));
    Insn &insn = insns[reloc.insn];
    insn.set_regs(insn.dst(), KBPF_PSEUDO_ZCORE_FD_SLOT);
    insn.imm = static_cast<int32_t>(index);
  }
  log_info("map resolution finished: {} maps", loader.map_count());
  log_info("relocation finished: {} relocations", object.reloc_count());

  return loader.load(
      insns, "zcore",
      {&kZcoreProfile, kZcoreProfile.prog_type(kProbe), true, false, source.log_level, source.log});
}

} // namespace kbpf
