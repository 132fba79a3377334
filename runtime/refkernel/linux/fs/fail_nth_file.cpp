// SPDX-License-Identifier: MIT OR Apache-2.0
// /proc/PID/fail-nth: which allocation of the caller's system calls is to fail (Linux's fault injection).
// Reading tells how many are left until then: 0 where it has failed.
#include "refkernel/linux/fs/procfs.h"
#include "refkernel/mm/fail_nth.h"

namespace refkernel {
namespace {

// It allocates nothing when it is read or written, which would count.
class FailNthFile final : public HeapObject<FailNthFile, File> {
public:
  FailNthFile(Ref<Inode> inode, uint32_t flags) : HeapObject(std::move(inode), flags) {}
  bool seekable() const override { return true; }
  SysResult<size_t> read(IoCursor &to, uint64_t position) override {
    char bytes[16];
    kbpf::TextBuffer text(bytes, sizeof(bytes));
    kbpf::print(text, "{}\n", failing_allocation());
    if (position >= text.text().size())
      return size_t{0};
    const std::string_view rest = text.text().substr(position).substr(0, to.remaining());
    KBPF_TRY(to.put(rest.data(), rest.size()));
    return rest.size();
  }
  SysResult<size_t> write(IoCursor &from, uint64_t) override {
    char bytes[16];
    const size_t size = from.remaining();
    if (!size || size > sizeof(bytes))
      return Errno::einval;
    KBPF_TRY(from.take(bytes, size));
    uint32_t nth = 0;
    for (size_t i = 0; i < size && (bytes[i] != '\n' || i + 1 < size); i++) {
      if (bytes[i] < '0' || bytes[i] > '9' || nth > UINT32_MAX / 10 - 1)
        return Errno::einval;
      nth = nth * 10 + static_cast<uint32_t>(bytes[i] - '0');
    }
    set_failing_allocation(nth);
    return size;
  }
};

class FailNthInode final : public HeapObject<FailNthInode, Inode> {
public:
  FailNthInode() : HeapObject(kProcFs, kModeRegular | 0644) {}
  SysResult<Ref<File>> open(uint32_t flags) override {
    auto *file = try_make<FailNthFile>(Ref<Inode>::share(this), flags);
    if (!file)
      return Errno::enomem;
    return Ref<File>::adopt(file);
  }
};

} // namespace

SysResult<Ref<Inode>> make_fail_nth_file() {
  auto *inode = try_make<FailNthInode>();
  if (!inode)
    return Errno::enomem;
  return Ref<Inode>::adopt(inode);
}

} // namespace refkernel
