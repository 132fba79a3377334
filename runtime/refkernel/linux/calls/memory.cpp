// SPDX-License-Identifier: MIT OR Apache-2.0
// System calls about the address space: thin, since mm/address_space.h does the work.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/named_source.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

enum : uint32_t {
  kMapShared = 1,
  kMapPrivate = 2,
  kMapTypeMask = 15,
  kMapSharedValidate = 3,
  kMapFixed = 0x10,
  kMapAnonymous = 0x20,
  kMapFixedNoReplace = 0x100000,
};
constexpr uint32_t kProtections = kProtRead | kProtWrite | kProtExec;
enum : uint32_t { kRemapMayMove = 1, kRemapFixed = 2, kRemapDontUnmap = 4 };
enum : int {
  kAdviseNormal = 0,
  kAdviseRandom = 1,
  kAdviseSequential = 2,
  kAdviseWillNeed = 3,
  kAdviseDontNeed = 4,
  kAdviseFree = 8,
  kAdviseDontFork = 10,
  kAdviseDoFork = 11,
  kAdviseWipeOnFork = 18,
  kAdviseKeepOnFork = 19,
  kAdvisePopulateRead = 22,
  kAdvisePopulateWrite = 23,
  kAdviseLast = 25,
};

AddressSpace &space() { return *current()->space; }
bool is_page_aligned(uint64_t value) { return value % kPageSize == 0; }

bool in_user_space(uintptr_t address, size_t length) {
  return address <= kUserEnd && length <= kUserEnd - address;
}

Ref<PageSource> with_name(Ref<PageSource> pages, const File &file) {
  constexpr size_t kShown = 512; // a longer path loses its end
  char path[kShown];
  kbpf::TextBuffer text(path, sizeof(path));
  file.append_name(text);
  return name_source(std::move(pages), text.text(), *file.inode());
}

SyscallResult done(kbpf::Result<void> result) { return result.ok() ? SyscallResult(0) : result.error(); }

// Whether every page of the range is mapped.
bool is_mapped(uintptr_t address, size_t length) {
  struct Range {
    uintptr_t next, end;
  } range{address, address + length};
  space().for_each_area(
      [](void *user, const AddressSpace::AreaInfo &area) {
        auto &wanted = *static_cast<Range *>(user);
        if (area.start <= wanted.next && wanted.next < area.end)
          wanted.next = area.end;
      },
      &range);
  return range.next >= range.end;
}

} // namespace

KERNEL_CALL sys_mmap(uintptr_t address, size_t length, uint32_t prot, uint32_t flags, int fd,
                     uint64_t offset) {
  uint32_t type = flags & kMapTypeMask;
  if (type != kMapShared && type != kMapPrivate && type != kMapSharedValidate)
    return Errno::einval;
  if (length == 0 || !is_page_aligned(offset) || (prot & ~kProtections & 0xff))
    return Errno::einval;
  AddressSpace::MapRequest request;
  request.address = address;
  request.length = length;
  request.prot = prot & kProtections;
  request.no_replace = flags & kMapFixedNoReplace;
  request.fixed = flags & (kMapFixed | kMapFixedNoReplace);
  request.shared = type != kMapPrivate;
  request.source_offset = offset;
  if (request.fixed && !is_page_aligned(address))
    return Errno::einval;
  if (!(flags & kMapAnonymous)) {
    Ref<File> file = KBPF_TRY(get_file(fd));
    if (!file->may_read() || (request.shared && (prot & kProtWrite) && !file->may_write()))
      return Errno::eacces;
    bool writable = prot & kProtWrite;
    request.source = KBPF_TRY(file->mapping({offset, align_up(length, kPageSize), request.shared, writable}));
    bool is_bpf = file->special_kind() == SpecialKind::bpf;
    if (request.source)
      request.source = with_name(std::move(request.source), *file);
    const FileData *data = file->inode()->data();
    const bool is_sealed = data && data->seals() & (FileData::kSealWrite | FileData::kSealFutureWrite);
    request.never_writable = request.shared && (is_bpf ? !writable : is_sealed || !file->may_write());
  }
  return KBPF_TRY(space().map(request));
}

KERNEL_CALL sys_munmap(uintptr_t address, size_t length) {
  if (!is_page_aligned(address) || length == 0 || !in_user_space(address, length))
    return Errno::einval;
  KBPF_TRY(space().unmap(address, length));
  return 0;
}

KERNEL_CALL sys_mprotect(uintptr_t address, size_t length, uint32_t prot) {
  if (!is_page_aligned(address) || (prot & ~kProtections))
    return Errno::einval;
  if (length == 0)
    return 0;
  if (!in_user_space(address, length))
    return Errno::enomem;
  KBPF_TRY(space().protect(address, length, prot));
  return 0;
}

KERNEL_CALL sys_mremap(uintptr_t address, size_t old_length, size_t new_length, uint32_t flags, uintptr_t target) {
  const bool moves = flags & kRemapMayMove, fixed = flags & kRemapFixed, keeps = flags & kRemapDontUnmap;
  if (!is_page_aligned(address) || new_length == 0 || old_length == 0 || !in_user_space(address, old_length) ||
      (flags & ~(kRemapMayMove | kRemapFixed | kRemapDontUnmap)) || ((fixed || keeps) && !moves) ||
      (fixed && !is_page_aligned(target)) || (keeps && old_length != new_length))
    return Errno::einval;
  return KBPF_TRY(space().remap(address, old_length, new_length, {moves, fixed, keeps, fixed ? target : 0}));
}

KERNEL_CALL sys_brk(uintptr_t address) { return space().set_break(address); }

KERNEL_CALL sys_madvise(uintptr_t address, size_t length, int advice) {
  if (!is_page_aligned(address) || advice < 0 || advice > kAdviseLast)
    return Errno::einval;
  if (!in_user_space(address, length))
    return Errno::enomem;
  length = align_up(length, kPageSize);
  if (!is_mapped(address, length))
    return Errno::enomem;
  if (length == 0)
    return 0;
  switch (advice) {
  case kAdviseDontNeed:
    return done(space().discard(address, length));
  case kAdviseDontFork:
    return done(space().set_at_fork(address, length, AddressSpace::AtFork::leave));
  case kAdviseWipeOnFork:
    return done(space().set_at_fork(address, length, AddressSpace::AtFork::wipe));
  case kAdviseDoFork:
  case kAdviseKeepOnFork:
    return done(space().set_at_fork(address, length, AddressSpace::AtFork::copy));
  case kAdvisePopulateRead:
  case kAdvisePopulateWrite: {
    const bool writes = advice == kAdvisePopulateWrite;
    for (size_t at = 0; at < length; at += kPageSize)
      KBPF_TRY(space().handle_fault(address + at,
                                    writes ? AddressSpace::Access::write : AddressSpace::Access::read));
    return 0;
  }
  }
  return 0; // advice that changes nothing here
}

// Pages are never swapped out: what is mapped can be had.
KERNEL_CALL sys_mincore(uintptr_t address, size_t length, UserPtr<uint8_t> vector) {
  if (!is_page_aligned(address))
    return Errno::einval;
  if (!in_user_space(address, length) || !is_mapped(address, length))
    return Errno::enomem;
  for (size_t page = 0; page < (length + kPageSize - 1) / kPageSize; ++page)
    KBPF_TRY(vector.at(page).write(1));
  return 0;
}

// Shared file pages are the file itself, so there is nothing to write back.
KERNEL_CALL sys_msync(uintptr_t address, size_t length, uint32_t flags) {
  constexpr uint32_t kAsync = 1, kInvalidate = 2, kSync = 4;
  if (!is_page_aligned(address) || (flags & ~(kAsync | kInvalidate | kSync)) ||
      ((flags & kAsync) && (flags & kSync)))
    return Errno::einval;
  return in_user_space(address, length) && is_mapped(address, length) ? SyscallResult(0) : Errno::enomem;
}

KERNEL_CALL sys_mlock(uintptr_t address, size_t length) {
  return in_user_space(address, length) && is_mapped(address, length) ? SyscallResult(0) : Errno::enomem;
}
KERNEL_CALL sys_mlock2(uintptr_t address, size_t length, uint32_t flags) {
  constexpr uint32_t kOnFault = 1;
  return flags & ~kOnFault ? SyscallResult(Errno::einval) : sys_mlock(address, length);
}
KERNEL_CALL sys_munlock(uintptr_t address, size_t length) { return sys_mlock(address, length); }
KERNEL_CALL sys_mlockall(uint32_t flags) { return flags && flags < 8 ? SyscallResult(0) : Errno::einval; }
KERNEL_CALL sys_munlockall() { return 0; }

namespace {
constexpr SyscallEntry kMemoryTable[] = {
    SYSCALL_ENTRY(214, brk),        SYSCALL_ENTRY(215, munmap),   SYSCALL_ENTRY(216, mremap),
    SYSCALL_ENTRY(222, mmap),       SYSCALL_ENTRY(226, mprotect), SYSCALL_ENTRY(227, msync),
    SYSCALL_ENTRY(228, mlock),      SYSCALL_ENTRY(229, munlock),  SYSCALL_ENTRY(230, mlockall),
    SYSCALL_ENTRY(231, munlockall), SYSCALL_ENTRY(232, mincore),  SYSCALL_ENTRY(233, madvise),
    SYSCALL_ENTRY(284, mlock2),
};
}
constinit const std::span<const SyscallEntry> kMemoryCalls{kMemoryTable};

} // namespace refkernel
