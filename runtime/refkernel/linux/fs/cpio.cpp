// SPDX-License-Identifier: MIT OR Apache-2.0
// The initramfs: a cpio archive in the "newc" format (110 bytes of hexadecimal header, name, padding to 4,
// data, padding to 4), as gen_init_cpio and `cpio -H newc` write it. Several archives may follow each other,
// with zero bytes between them. Every field is checked; a path component ".." is refused.
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/path.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {

constexpr size_t kHeaderSize = 110;

struct Header {
  uint32_t inode, mode, uid, gid, links, mtime, file_size, dev_major, dev_minor, special_major, special_minor,
      name_size, check;
};

bool parse_header(const char *text, Header &header) {
  if (memcmp(text, "070701", 6) != 0 && memcmp(text, "070702", 6) != 0)
    return false;
  uint32_t fields[13];
  for (size_t i = 0; i < 13; ++i) {
    fields[i] = 0;
    for (size_t digit = 0; digit < 8; ++digit) {
      char c = text[6 + i * 8 + digit];
      uint32_t value = c >= '0' && c <= '9'   ? uint32_t(c - '0')
                       : c >= 'a' && c <= 'f' ? uint32_t(c - 'a' + 10)
                       : c >= 'A' && c <= 'F' ? uint32_t(c - 'A' + 10)
                                              : 16;
      if (value > 15)
        return false;
      fields[i] = fields[i] << 4 | value;
    }
  }
  memcpy(&header, fields, sizeof(header));
  return true;
}

size_t pad4(size_t value) { return (value + 3) & ~size_t{3}; }

// A file whose links carry its inode number: the archive names it several times, data comes with the last.
struct LinkedFiles {
  struct Entry {
    uint32_t inode, dev_major, dev_minor;
    Ref<Inode> file;
    Entry *next;
  };
  Entry *first = nullptr;
  ~LinkedFiles() {
    while (Entry *entry = first) {
      first = entry->next;
      destroy(entry);
    }
  }
  Entry *find(const Header &header) {
    Entry *entry = first;
    while (entry && (entry->inode != header.inode || entry->dev_major != header.dev_major ||
                     entry->dev_minor != header.dev_minor))
      entry = entry->next;
    return entry;
  }
};

class Unpacker {
public:
  explicit Unpacker(Inode &root) : root_(root) {}

  SysResult<void> unpack(const char *archive, size_t size) {
    size_t at = 0;
    while (at < size) {
      if (archive[at] == 0) { // padding between archives
        ++at;
        continue;
      }
      Header header;
      if (size - at < kHeaderSize || !parse_header(archive + at, header))
        return Errno::einval;
      size_t name_at = at + kHeaderSize;
      if (header.name_size == 0 || header.name_size > kPathMax || header.name_size > size - name_at)
        return Errno::einval;
      std::string_view name(archive + name_at, header.name_size - 1);
      size_t data_at = at + pad4(kHeaderSize + header.name_size);
      if (archive[name_at + name.size()] != 0 || data_at > size || header.file_size > size - data_at)
        return Errno::einval;
      if (name != "TRAILER!!!")
        KBPF_TRY(add(header, name, {archive + data_at, header.file_size}));
      at = std::min(size, data_at + pad4(header.file_size));
    }
    return {};
  }

private:
  // The directory that the last component of path goes into, made where the archive did not name it first.
  SysResult<Ref<Inode>> parent_of(std::string_view path, std::string_view &last) {
    Ref<Inode> here = Ref<Inode>::share(&root_);
    for (;;) {
      while (path.starts_with('/'))
        path.remove_prefix(1);
      size_t slash = path.find('/');
      std::string_view component = path.substr(0, slash);
      if (component == ".." || component.size() > kNameMax)
        return Errno::einval;
      if (slash == std::string_view::npos) {
        last = component;
        return here;
      }
      path.remove_prefix(slash);
      if (component != ".")
        here = KBPF_TRY(ensure_directory(*here, component, kRootFs));
    }
  }

  SysResult<void> add(const Header &header, std::string_view path, std::string_view data) {
    std::string_view name;
    Ref<Inode> parent = KBPF_TRY(parent_of(path, name));
    if (name.empty() || name == ".")
      return {};
    uint32_t permissions = header.mode & 07777;
    Ref<Inode> inode;
    switch (header.mode & kModeTypeMask) {
    case kModeDirectory:
      inode = KBPF_TRY(ensure_directory(*parent, name, kRootFs, permissions));
      inode->set_permissions(permissions);
      return set_owner(*inode, header);
    case kModeRegular:
      return add_file(header, *parent, name, data);
    case kModeSymlink:
      inode = KBPF_TRY(make_symlink(kRootFs, data));
      break;
    case kModeFifo:
      inode = KBPF_TRY(make_fifo(kRootFs, permissions));
      break;
    case kModeCharacter:
    case kModeBlock:
      inode = KBPF_TRY(
          make_device(kRootFs, header.mode, make_device(header.special_major, header.special_minor)));
      break;
    default:
      return {}; // a socket
    }
    KBPF_TRY(set_owner(*inode, header));
    return replace(*parent, name, std::move(inode));
  }

  SysResult<void> add_file(const Header &header, Inode &parent, std::string_view name,
                           std::string_view data) {
    LinkedFiles::Entry *linked = header.links > 1 ? links_.find(header) : nullptr;
    Ref<Inode> file = linked ? linked->file : KBPF_TRY(make_ram_file(kRootFs, header.mode & 07777));
    if (header.links > 1 && !linked) {
      auto *entry =
          try_make<LinkedFiles::Entry>(header.inode, header.dev_major, header.dev_minor, file, links_.first);
      if (!entry)
        return Errno::enomem;
      links_.first = entry;
    }
    if (linked)
      ++file->link_count;
    IoCursor cursor = IoCursor::kernel(const_cast<char *>(data.data()), data.size());
    if (KBPF_TRY(file->data()->write(cursor, 0)) != data.size())
      return Errno::enospc;
    KBPF_TRY(set_owner(*file, header));
    return replace(parent, name, std::move(file));
  }

  SysResult<void> set_owner(Inode &inode, const Header &header) {
    inode.uid = header.uid;
    inode.gid = header.gid;
    inode.modify_ns = header.mtime * kNanosecondsPerSecond;
    return {};
  }

  SysResult<void> replace(Inode &parent, std::string_view name, Ref<Inode> inode) {
    MutexGuard guard(namespace_lock);
    Directory &directory = *parent.as_directory();
    SysResult<Ref<Inode>> old = directory.lookup(name);
    if (old.ok() && (*old)->as_directory())
      return Errno::eisdir;
    if (old.ok())
      KBPF_TRY(directory.remove(name));
    return directory.insert(name, std::move(inode));
  }

  Inode &root_;
  LinkedFiles links_;
};

} // namespace

SysResult<void> unpack_initramfs(Inode &root, const std::byte *archive, size_t size) {
  return Unpacker(root).unpack(reinterpret_cast<const char *>(archive), size);
}

} // namespace refkernel
