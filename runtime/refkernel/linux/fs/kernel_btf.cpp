// SPDX-License-Identifier: MIT OR Apache-2.0
// /sys/kernel/btf/vmlinux: the kernel's own types, as they are linked into it. A process may map them,
// privately as on Linux; the pages that it then gets are those of a copy, made when the file is first opened.
#include "refkernel/linux/fs/devices.h"

extern "C" const char btf_start[], btf_end[];

namespace refkernel {

namespace {

std::string_view kernel_btf() { return {btf_start, static_cast<size_t>(btf_end - btf_start)}; }

class OpenBtf final : public HeapObject<OpenBtf, File> {
public:
  OpenBtf(Ref<Inode> inode, uint32_t flags, Ref<FileData> data)
      : HeapObject(std::move(inode), flags), data_(std::move(data)) {}
  SysResult<size_t> read(IoCursor &to, uint64_t position) override { return data_->read(to, position); }
  bool seekable() const override { return true; }
  SysResult<uint64_t> size() override { return data_->size(); }
  SysResult<Ref<PageSource>> mapping(const MappingWish &wish) override {
    if (wish.shared)
      return Errno::eacces;
    if (wish.offset + wish.length > align_up(data_->size(), kPageSize))
      return Errno::einval;
    return Ref<PageSource>(Ref<PageSource>::share(data_.get()));
  }

private:
  Ref<FileData> data_;
};

class BtfInode final : public HeapObject<BtfInode, Inode> {
public:
  BtfInode() : HeapObject(kSysFs, kModeRegular | 0444u) {}
  uint64_t size() override { return kernel_btf().size(); }
  SysResult<Ref<File>> open(uint32_t flags) override {
    if ((flags & kOpenAccessMode) != kOpenReadOnly)
      return Errno::eacces;
    auto *file = try_make<OpenBtf>(Ref<Inode>::share(this), flags, KBPF_TRY(copy()));
    if (!file)
      return Errno::enomem;
    return Ref<File>::adopt(file);
  }

private:
  SysResult<Ref<FileData>> copy() {
    MutexGuard guard(lock_);
    if (copy_)
      return Ref<FileData>(copy_);
    Ref<FileData> data = KBPF_TRY(FileData::create());
    FileDataSink sink(*data);
    sink.append(kernel_btf());
    sink.flush();
    if (sink.failed())
      return Errno::enomem;
    copy_ = data;
    return data;
  }

  Mutex lock_;
  Ref<FileData> copy_; // null until somebody opens the file
};

} // namespace

SysResult<void> add_kernel_btf(Inode &kernel) {
  if (kernel_btf().empty())
    return {};
  Ref<Inode> directory = KBPF_TRY(ensure_directory(kernel, "btf", kSysFs));
  auto *inode = try_make<BtfInode>();
  if (!inode)
    return Errno::enomem;
  return add_entry(*directory, "vmlinux", Ref<Inode>::adopt(inode));
}

} // namespace refkernel
