// SPDX-License-Identifier: MIT OR Apache-2.0
// Bytes changed anywhere in an object end as "no ELF file" for the most part. Three times of four only the contents of
// one section change here, its size and place stay: the passes behind the reader are reached.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <vector>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

inline bool mutate_one_section(uint8_t *object, size_t size, unsigned seed) {
  Elf64_Ehdr header;
  if (seed % 4 == 0 || size < sizeof header)
    return false;
  memcpy(&header, object, sizeof header);
  if (!header.e_shnum || header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > size ||
      (size - header.e_shoff) / sizeof(Elf64_Shdr) < header.e_shnum)
    return false;
  Elf64_Shdr section;
  memcpy(&section, object + header.e_shoff + seed / 4 % header.e_shnum * sizeof section, sizeof section);
  if (section.sh_type == SHT_NOBITS || !section.sh_size || section.sh_offset > size ||
      section.sh_size > size - section.sh_offset)
    return false;
  std::vector<uint8_t> contents(object + section.sh_offset, object + section.sh_offset + section.sh_size);
  LLVMFuzzerMutate(contents.data(), contents.size(), contents.size());
  memcpy(object + section.sh_offset, contents.data(), contents.size());
  return true;
}
