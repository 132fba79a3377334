// SPDX-License-Identifier: MIT OR Apache-2.0
// The memory file system: regular files over FileData, symbolic links, device nodes; directories are in
// ram_directory.h.
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/ram_directory.h"
#include <cstring>

namespace refkernel {

namespace {

class RamFile final : public HeapObject<RamFile, Inode> {
public:
  RamFile(const FileSystemKind &kind, uint32_t permissions, Ref<FileData> data)
      : HeapObject(kind, kModeRegular | permissions), data_(std::move(data)) {}
  SysResult<Ref<File>> open(uint32_t flags) override { return open_ram_file(Ref<Inode>::share(this), flags); }
  uint64_t size() override { return data_->size(); }
  uint64_t blocks() override { return data_->page_count() * (kPageSize / 512); }
  SysResult<void> truncate(uint64_t size) override {
    KBPF_TRY(data_->resize(size));
    touch(false, true);
    return {};
  }
  FileData *data() override { return data_.get(); }

private:
  Ref<FileData> data_;
};

class OpenRamFile final : public HeapObject<OpenRamFile, File> {
public:
  OpenRamFile(Ref<Inode> inode, uint32_t flags) : HeapObject(std::move(inode), flags) {}
  SysResult<size_t> read(IoCursor &to, uint64_t position) override {
    size_t count = KBPF_TRY(inode()->data()->read(to, position));
    inode()->touch(true, false, false);
    return count;
  }
  SysResult<size_t> write(IoCursor &from, uint64_t position) override {
    size_t count = KBPF_TRY(inode()->data()->write(from, position));
    inode()->touch(false, true);
    return count;
  }
  SysResult<uint64_t> append(IoCursor &from, size_t &written) override {
    inode()->touch(false, true);
    return inode()->data()->append(from, written);
  }
  bool seekable() const override { return true; }
  SysResult<uint64_t> size() override { return inode()->data()->size(); }
  SysResult<void> truncate(uint64_t size) override { return inode()->truncate(size); }
  SysResult<Ref<PageSource>> mapping(const MappingWish &wish) override {
    if (wish.shared && wish.writable && inode()->data()->seals() & (FileData::kSealWrite | FileData::kSealFutureWrite))
      return Errno::eperm;
    return Ref<PageSource>::share(static_cast<PageSource *>(inode()->data()));
  }
};

class Symlink final : public HeapObject<Symlink, Inode> {
public:
  Symlink(const FileSystemKind &kind, char *target, size_t size)
      : HeapObject(kind, kModeSymlink | 0777), target_(target), size_(size) {}
  ~Symlink() { heap_free(target_, size_, 1); }
  uint64_t size() override { return size_; }
  SysResult<void> read_link(kbpf::TextSink &sink) override {
    sink.append({target_, size_});
    return {};
  }

private:
  char *target_;
  size_t size_;
};

class DeviceNode final : public HeapObject<DeviceNode, Inode> {
public:
  DeviceNode(const FileSystemKind &kind, uint32_t mode, uint32_t device)
      : HeapObject(kind, mode), device_(device) {}
  uint32_t special_device() const override { return device_; }
  SysResult<Ref<File>> open(uint32_t flags) override {
    if (!is(kModeCharacter))
      return Errno::enxio;
    return open_character_device(Ref<Inode>::share(this), device_, flags);
  }

private:
  uint32_t device_;
};

class RamDirectory final : public HeapObject<RamDirectory, RamDirectoryBase> {
public:
  using HeapObject::HeapObject;
};

class AnonymousInode final : public HeapObject<AnonymousInode, Inode> {
public:
  using HeapObject::HeapObject;
};

template <typename T, typename... Args> SysResult<Ref<Inode>> make_inode(Args &&...args) {
  T *inode = try_make<T>(std::forward<Args>(args)...);
  if (!inode)
    return Errno::enospc;
  return Ref<Inode>::adopt(inode);
}

} // namespace

SysResult<Ref<Inode>> make_ram_file(const FileSystemKind &kind, uint32_t permissions) {
  return make_inode<RamFile>(kind, permissions, KBPF_TRY(FileData::create()));
}

SysResult<Ref<Inode>> make_ram_directory(const FileSystemKind &kind, uint32_t permissions) {
  return make_inode<RamDirectory>(kind, permissions);
}

SysResult<Ref<Inode>> make_symlink(const FileSystemKind &kind, std::string_view target) {
  char *bytes = static_cast<char *>(heap_allocate(target.size(), 1));
  if (!bytes)
    return Errno::enospc;
  memcpy(bytes, target.data(), target.size());
  auto inode = make_inode<Symlink>(kind, bytes, target.size());
  if (!inode.ok())
    heap_free(bytes, target.size(), 1);
  return inode;
}

SysResult<Ref<Inode>> make_device(const FileSystemKind &kind, uint32_t mode, uint32_t device) {
  return make_inode<DeviceNode>(kind, mode, device);
}

SysResult<Ref<Inode>> make_anonymous_inode(const FileSystemKind &kind, uint32_t mode) {
  auto *inode = try_make<AnonymousInode>(kind, mode);
  if (!inode) // it takes no room of a file system
    return Errno::enomem;
  return Ref<Inode>::adopt(inode);
}

SysResult<Ref<File>> open_ram_file(Ref<Inode> inode, uint32_t flags) {
  auto *file = try_make<OpenRamFile>(std::move(inode), flags);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

} // namespace refkernel
