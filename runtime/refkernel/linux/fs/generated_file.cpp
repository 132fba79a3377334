// SPDX-License-Identifier: MIT OR Apache-2.0
// Files whose text a function makes at open; a reader sees that text until it opens the file again.
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

namespace {

class OpenText final : public HeapObject<OpenText, File> {
public:
  OpenText(Ref<Inode> inode, uint32_t flags, Ref<FileData> text)
      : HeapObject(std::move(inode), flags), text_(std::move(text)) {}
  SysResult<size_t> read(IoCursor &to, uint64_t position) override { return text_->read(to, position); }
  SysResult<size_t> write(IoCursor &from, uint64_t) override { return Errno::eacces; }
  bool seekable() const override { return true; }
  SysResult<uint64_t> size() override { return text_->size(); }

private:
  Ref<FileData> text_;
};

class GeneratedInode final : public HeapObject<GeneratedInode, Inode> {
public:
  GeneratedInode(const FileSystemKind &kind, uint32_t permissions, TextGenerator generate, uint64_t argument)
      : HeapObject(kind, kModeRegular | permissions), generate_(generate), argument_(argument) {}
  SysResult<Ref<File>> open(uint32_t flags) override {
    if ((flags & kOpenAccessMode) != kOpenReadOnly)
      return Errno::eacces;
    Ref<FileData> text = KBPF_TRY(FileData::create());
    FileDataSink sink(*text);
    generate_(sink, argument_);
    sink.flush();
    if (sink.failed())
      return Errno::enomem;
    auto *file = try_make<OpenText>(Ref<Inode>::share(this), flags, std::move(text));
    if (!file)
      return Errno::enomem;
    return Ref<File>::adopt(file);
  }

private:
  TextGenerator generate_;
  uint64_t argument_;
};

} // namespace

SysResult<Ref<Inode>> make_generated_file(const FileSystemKind &kind, uint32_t permissions,
                                          TextGenerator generate, uint64_t argument) {
  auto *inode = try_make<GeneratedInode>(kind, permissions, generate, argument);
  if (!inode)
    return Errno::enomem;
  return Ref<Inode>::adopt(inode);
}

} // namespace refkernel
