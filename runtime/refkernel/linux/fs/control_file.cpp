// SPDX-License-Identifier: MIT OR Apache-2.0
// A write is split into lines as Linux does for its tracing files: what stands behind '#' is a comment, the
// last line needs no end, and lines before a wrong one have been obeyed.
#include "refkernel/linux/fs/control_file.h"
#include <algorithm>

namespace refkernel {

namespace {

constexpr size_t kMaxOrders = 4096; // bytes of one write

std::string_view trimmed(std::string_view text) {
  auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\0'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

class ControlFile final : public HeapObject<ControlFile, File> {
public:
  ControlFile(Ref<Inode> inode, uint32_t flags, const Orders &orders, uint64_t argument, Ref<FileData> text)
      : HeapObject(std::move(inode), flags), orders_(orders), argument_(argument), text_(std::move(text)) {}
  SysResult<size_t> read(IoCursor &to, uint64_t position) override {
    return text_ ? text_->read(to, position) : SysResult<size_t>(size_t{0});
  }
  SysResult<size_t> write(IoCursor &from, uint64_t) override {
    char bytes[kMaxOrders];
    const size_t size = from.remaining();
    if (size > sizeof(bytes))
      return Errno::einval;
    KBPF_TRY(from.take(bytes, size));
    std::string_view rest(bytes, size);
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      line = trimmed(line.substr(0, line.find('#')));
      if (!line.empty())
        KBPF_TRY(orders_.obey(line, argument_));
    }
    return size;
  }
  SysResult<uint64_t> append(IoCursor &from, size_t &written) override {
    written = KBPF_TRY(write(from, 0));
    return uint64_t{0};
  }
  bool seekable() const override { return true; }
  SysResult<uint64_t> size() override { return text_ ? text_->size() : 0; }
  SysResult<void> truncate(uint64_t) override { return {}; }

private:
  const Orders &orders_;
  const uint64_t argument_;
  Ref<FileData> text_; // null: opened for writing only
};

class ControlInode final : public HeapObject<ControlInode, Inode> {
public:
  ControlInode(const FileSystemKind &kind, uint32_t permissions, const Orders &orders, uint64_t argument)
      : HeapObject(kind, kModeRegular | permissions), orders_(orders), argument_(argument) {}
  SysResult<Ref<File>> open(uint32_t flags) override {
    const uint32_t access = flags & kOpenAccessMode;
    if (access != kOpenReadOnly && (flags & kOpenTruncate) && orders_.clear)
      KBPF_TRY(orders_.clear(argument_));
    Ref<FileData> text;
    if (access != kOpenWriteOnly && orders_.generate) {
      text = KBPF_TRY(FileData::create());
      FileDataSink sink(*text);
      orders_.generate(sink, argument_);
      sink.flush();
      if (sink.failed())
        return Errno::enomem;
    }
    auto *file = try_make<ControlFile>(Ref<Inode>::share(this), flags, orders_, argument_, std::move(text));
    if (!file)
      return Errno::enomem;
    return Ref<File>::adopt(file);
  }

private:
  const Orders &orders_;
  const uint64_t argument_;
};

} // namespace

SysResult<Ref<Inode>> make_control_file(const FileSystemKind &kind, uint32_t permissions,
                                        const Orders &orders, uint64_t argument) {
  auto *inode = try_make<ControlInode>(kind, permissions, orders, argument);
  if (!inode)
    return Errno::enomem;
  return Ref<Inode>::adopt(inode);
}

} // namespace refkernel
