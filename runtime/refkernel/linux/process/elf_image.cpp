// SPDX-License-Identifier: MIT OR Apache-2.0
// ELF64 little-endian RISC-V executables (ET_EXEC) and position-independent ones (ET_DYN: PIE and ld.so).
// Every header field is checked against the file before it is used.
#include "refkernel/linux/process/elf_image.h"
#include "refkernel/linux/fs/named_source.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/linux/abi.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {

struct FileHeader { // Elf64_Ehdr
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, phoff, shoff;
  uint32_t flags;
  uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct ProgramHeader { // Elf64_Phdr
  uint32_t type, flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(FileHeader) == 64 && sizeof(ProgramHeader) == 56);

constexpr uint8_t kIdent[6] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little-endian */};
constexpr uint16_t kExecutable = 2, kDynamic = 3, kRiscv = 243;
constexpr uint32_t kLoad = 1, kInterpreter = 3, kSegmentExec = 1, kSegmentWrite = 2, kSegmentRead = 4;
constexpr size_t kMaxProgramHeaders = 128;

uint32_t protection(uint32_t flags) {
  return (flags & kSegmentRead ? kProtRead : 0) | (flags & kSegmentWrite ? kProtWrite : 0) |
         (flags & kSegmentExec ? kProtExec : 0);
}

bool is_sane(const ProgramHeader &segment, uint64_t file_size) {
  return segment.filesz <= segment.memsz && segment.offset <= file_size &&
         segment.filesz <= file_size - segment.offset && segment.vaddr < kUserEnd &&
         segment.memsz < kUserEnd - segment.vaddr && segment.vaddr % kPageSize == segment.offset % kPageSize;
}

SysResult<void> map_anonymous(AddressSpace &space, uintptr_t start, uintptr_t end, uint32_t prot) {
  if (start >= end)
    return {};
  AddressSpace::MapRequest request;
  request.address = start;
  request.length = end - start;
  request.prot = prot;
  request.fixed = true;
  KBPF_TRY(space.map(request));
  return {};
}

SysResult<void> map_segment(AddressSpace &space, PageSource &file, const ProgramHeader &segment,
                            uintptr_t bias) {
  uint32_t prot = protection(segment.flags);
  uintptr_t start = segment.vaddr + bias, file_end = start + segment.filesz, end = start + segment.memsz;
  uintptr_t first_page = align_down(start, kPageSize);
  if (segment.filesz) {
    AddressSpace::MapRequest request;
    request.address = first_page;
    request.length = align_up(file_end, kPageSize) - first_page;
    request.prot = prot;
    request.fixed = true;
    request.source = Ref<PageSource>::share(&file);
    request.source_offset = align_down(segment.offset, kPageSize);
    KBPF_TRY(space.map(request));
    first_page = align_up(file_end, kPageSize);
    if (end > file_end && (prot & kProtWrite)) { // what of the file shares the last page with .bss
      static constexpr char kZeros[kPageSize] = {};
      KBPF_TRY(space.write(file_end, kZeros, first_page - file_end, true));
    }
  }
  return map_anonymous(space, first_page, align_up(end, kPageSize), prot);
}

// Room for all segments, as one area without access that the segments then replace. Gives its distance from
// low.
SysResult<uintptr_t> reserve(AddressSpace &space, uintptr_t low, uintptr_t high, uintptr_t hint) {
  AddressSpace::MapRequest request;
  request.address = hint;
  request.length = high - low;
  return KBPF_TRY(space.map(request)) - low;
}

struct HeaderTable {
  ProgramHeader *entries = nullptr;
  size_t count = 0;
  ~HeaderTable() { heap_free(entries, count * sizeof(ProgramHeader), alignof(ProgramHeader)); }
  const ProgramHeader *begin() const { return entries; }
  const ProgramHeader *end() const { return entries + count; }
};

} // namespace

SysResult<ElfImage> map_elf(AddressSpace &space, Inode &inode, std::string_view path, uintptr_t hint) {
  if (!inode.data())
    return Errno::eacces;
  FileData &file = *inode.data();
  FileHeader header;
  KBPF_TRY(file.read_exact(&header, sizeof(header), 0));
  if (memcmp(header.ident, kIdent, sizeof(kIdent)) != 0 || header.machine != kRiscv ||
      (header.type != kExecutable && header.type != kDynamic) || header.phentsize != sizeof(ProgramHeader) ||
      header.phnum == 0 || header.phnum > kMaxProgramHeaders)
    return Errno::enoexec;
  HeaderTable table;
  table.entries = static_cast<ProgramHeader *>(
      heap_allocate(header.phnum * sizeof(ProgramHeader), alignof(ProgramHeader)));
  if (!table.entries)
    return Errno::enomem;
  table.count = header.phnum;
  KBPF_TRY(file.read_exact(table.entries, table.count * sizeof(ProgramHeader), header.phoff));

  ElfImage image;
  image.is_position_independent = header.type == kDynamic;
  image.program_header_count = header.phnum;
  uintptr_t low = UINTPTR_MAX, high = 0;
  for (const ProgramHeader &segment : table) {
    if (segment.type == kInterpreter) {
      if (segment.filesz < 2 || segment.filesz > sizeof(image.interpreter))
        return Errno::enoexec;
      KBPF_TRY(file.read_exact(image.interpreter, segment.filesz, segment.offset));
      if (image.interpreter[segment.filesz - 1] != 0)
        return Errno::enoexec;
    }
    if (segment.type != kLoad)
      continue;
    if (!is_sane(segment, file.size()))
      return Errno::enoexec;
    low = std::min(low, align_down(segment.vaddr, kPageSize));
    high = std::max(high, align_up(segment.vaddr + segment.memsz, kPageSize));
  }
  if (low >= high)
    return Errno::enoexec;
  if (image.is_position_independent)
    image.bias = KBPF_TRY(reserve(space, low, high, hint));
  Ref<PageSource> pages = name_source(Ref<PageSource>::share(&file), path, inode);
  for (const ProgramHeader &segment : table) {
    if (segment.type != kLoad)
      continue;
    KBPF_TRY(map_segment(space, *pages, segment, image.bias));
    if (header.phoff >= segment.offset && header.phoff - segment.offset < segment.filesz)
      image.program_headers = segment.vaddr + (header.phoff - segment.offset) + image.bias;
  }
  image.entry = header.entry + image.bias;
  image.end = high + image.bias;
  return image;
}

} // namespace refkernel
