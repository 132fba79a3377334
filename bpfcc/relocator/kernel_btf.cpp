// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/kernel_btf.h"
#include "bpfcc/relocator/elf_file.h"
#include <array>
#include <utility>

namespace bpfcc {

std::string read_kernel_btf(KernelBtf &kernel, std::string file) {
  kernel.bytes = std::move(file);
  std::string_view btf = kernel.bytes;
  if (btf.starts_with(ELFMAG)) {
    ElfFile elf;
    if (std::string error = elf.open(kernel.bytes); !error.empty())
      return error;
    size_t index = 0;
    for (size_t i = 1; i < elf.section_count(); i++)
      if (elf.string(elf.name_table(), elf.section(i).sh_name) == std::string_view(".BTF"))
        index = i;
    if (!index)
      return "an ELF file without a section .BTF";
    auto contents = elf.contents(index);
    if (!contents)
      return "section .BTF runs past the end of the file";
    btf = *contents;
  }
  std::string error;
  kernel.types.parse(btf, error);
  return error;
}

std::string_view target_arch(const Btf &kernel) {
  // A member of struct pt_regs that one architecture alone has.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kSigns = {
      {{"di", "x86"},
       {"rdi", "x86"},
       {"epc", "riscv"},
       {"orig_x0", "arm64"},
       {"uregs", "arm"},
       {"orig_gpr2", "s390"},
       {"orig_gpr3", "powerpc"},
       {"cp0_epc", "mips"},
       {"csr_era", "loongarch"}}};
  for (uint32_t id = 1; id < kernel.count(); id++) {
    const BtfType &type = kernel.type(id);
    if (type.kind != BtfKind::structure || type.name != "pt_regs")
      continue;
    for (uint32_t i = 0; i < type.count; i++) {
      BtfMember member = kernel.member(type, i);
      for (auto [name, arch] : kSigns)
        if (member.name == name)
          return arch;
      const BtfType &inner = kernel.type(kernel.strip(member.type)); // x86 has some in anonymous unions
      for (uint32_t j = 0; member.name.empty() && inner.kind == BtfKind::union_type && j < inner.count; j++)
        for (auto [name, arch] : kSigns)
          if (kernel.member(inner, j).name == name)
            return arch;
    }
  }
  return {};
}

} // namespace bpfcc
