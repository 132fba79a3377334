// SPDX-License-Identifier: MIT OR Apache-2.0
// The walk is a loop over a buffer that holds what is still to be walked; a symbolic link puts its target in
// front.
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/mount.h"
#include "refkernel/linux/process.h"
#include <cstring>

namespace refkernel {

namespace {
constexpr unsigned kMaxLinks = 40;

// The unwalked rest of a path, of less than kPathMax bytes.
class Remainder {
public:
  Remainder() : bytes_(static_cast<char *>(heap_allocate(2 * kPathMax, 1))) {}
  ~Remainder() { heap_free(bytes_, 2 * kPathMax, 1); }
  explicit operator bool() const { return bytes_; }

  SysResult<void> set(std::string_view path) {
    if (path.size() >= kPathMax)
      return Errno::enametoolong;
    memcpy(bytes_, path.data(), path.size());
    text_ = {bytes_, path.size()};
    return {};
  }
  // The link's target, then what was left.
  SysResult<void> prepend(Inode &link) {
    char *target = bytes_ + kPathMax;
    kbpf::TextBuffer sink(target, kPathMax);
    KBPF_TRY(link.read_link(sink));
    size_t size = sink.text().size();
    if (sink.truncated() || size + 1 + text_.size() >= kPathMax)
      return Errno::enametoolong;
    memmove(bytes_ + size + 1, text_.data(), text_.size());
    memcpy(bytes_, target, size);
    bytes_[size] = '/';
    text_ = {bytes_, size + (text_.empty() ? 0 : 1 + text_.size())};
    return {};
  }
  bool absolute() const { return text_.starts_with('/'); }
  void skip_slashes() { text_.remove_prefix(std::min(text_.find_first_not_of('/'), text_.size())); }
  std::string_view take_component() {
    std::string_view component = text_.substr(0, text_.find('/'));
    text_.remove_prefix(component.size());
    return component;
  }
  bool empty() const { return text_.empty(); }

private:
  char *bytes_;
  std::string_view text_;
};

void set_place(Location &location, Ref<Inode> directory, std::string_view name, Ref<Inode> inode) {
  location.directory = std::move(directory);
  memcpy(location.name, name.data(), name.size());
  location.name[name.size()] = 0;
  location.name_size = name.size();
  location.inode = std::move(inode);
}
} // namespace

SysResult<PathName> PathName::read(UserPtr<const char> from, bool allow_empty) {
  PathName path(static_cast<char *>(heap_allocate(kPathMax, 1)), 0);
  if (!path.bytes_)
    return Errno::enomem;
  long size = copy_string_from_user(path.bytes_, from.address, kPathMax);
  if (size < 0)
    return Errno::efault;
  if (static_cast<size_t>(size) >= kPathMax)
    return Errno::enametoolong;
  if (size == 0 && !allow_empty)
    return Errno::enoent;
  path.size_ = static_cast<size_t>(size);
  return path;
}

SysResult<void> check_access(const Inode &inode, uint32_t wanted, bool real_ids) {
  const Credentials &credentials = current_process().credentials;
  uint32_t uid = real_ids ? credentials.uid : credentials.euid;
  uint32_t gid = real_ids ? credentials.gid : credentials.egid;
  uint32_t mode = inode.mode();
  if (real_ids ? uid == 0 : capable(Capability::dac_override)) {
    bool runnable = inode.is(kModeDirectory) || (mode & 0111);
    return (wanted & kMayExecute) && !runnable ? SysResult<void>(Errno::eacces) : SysResult<void>();
  }
  const bool is_of_group = inode.gid == gid || credentials.has_group(inode.gid);
  uint32_t granted = inode.uid == uid ? mode >> 6 : is_of_group ? mode >> 3 : mode;
  return wanted & ~granted & 7 ? SysResult<void>(Errno::eacces) : SysResult<void>();
}

SysResult<void> walk_locked(Ref<Inode> start, std::string_view path, LastLink last, Location &location) {
  Remainder rest;
  if (!rest)
    return Errno::enomem;
  KBPF_TRY(rest.set(path));
  const Ref<Inode> root = current_process().fs->root;
  Ref<Inode> here = rest.absolute() ? root : std::move(start);
  bool trailing_slash = path.ends_with('/');
  unsigned links = 0;
  location = Location{};
  location.trailing_slash = trailing_slash;
  for (;;) {
    rest.skip_slashes();
    if (rest.empty()) {
      set_place(location, here, {}, here);
      return {};
    }
    std::string_view name = rest.take_component();
    rest.skip_slashes();
    bool is_last = rest.empty();
    Directory *directory = here->as_directory();
    if (!directory)
      return Errno::enotdir;
    KBPF_TRY(check_access(*directory, kMayExecute));
    if (name.size() > kNameMax)
      return Errno::enametoolong;
    if (name == "." || name == "..") {
      location.last_is_dot = is_last && name == ".";
      location.last_is_dot_dot = is_last && name == "..";
      if (name == ".." && directory->parent() && here.get() != root.get())
        here = Ref<Inode>::share(directory->parent());
      continue;
    }
    SysResult<Ref<Inode>> found = directory->lookup(name);
    if (!found.ok()) {
      if (found.error() != Errno::enoent || !is_last)
        return found.error();
      set_place(location, here, name, {});
      return {};
    }
    if ((*found)->is(kModeSymlink) && (!is_last || last == LastLink::follow || trailing_slash)) {
      if (++links > kMaxLinks)
        return Errno::eloop;
      Ref<Inode> target = KBPF_TRY((*found)->jump());
      if (target) {
        here = std::move(target);
        continue;
      }
      KBPF_TRY(rest.prepend(**found));
      if (rest.absolute())
        here = root;
      continue;
    }
    Ref<Inode> entry = mounted_at(std::move(*found));
    if (is_last) {
      if (trailing_slash && !entry->is(kModeDirectory))
        return Errno::enotdir;
      set_place(location, here, name, std::move(entry));
      return {};
    }
    here = std::move(entry);
  }
}

SysResult<void> walk(Ref<Inode> start, std::string_view path, LastLink last, Location &location) {
  MutexGuard guard(namespace_lock);
  return walk_locked(std::move(start), path, last, location);
}

SysResult<Ref<Inode>> start_directory(int directory_fd, std::string_view path) {
  if (path.starts_with('/') || directory_fd == kAtFdCwd) {
    MutexGuard guard(namespace_lock);
    const FsContext &context = *current_process().fs;
    return path.starts_with('/') ? context.root : context.working_directory;
  }
  Ref<File> file = KBPF_TRY(get_file(directory_fd));
  if (!file->inode()->is(kModeDirectory) && !path.empty())
    return Errno::enotdir;
  return Ref<Inode>::share(file->inode());
}

SysResult<void> walk_at(int directory_fd, std::string_view path, LastLink last, Location &location) {
  return walk(KBPF_TRY(start_directory(directory_fd, path)), path, last, location);
}

SysResult<Ref<Inode>> find_at(int directory_fd, UserPtr<const char> user_path, uint32_t at_flags,
                              LastLink last) {
  PathName path = KBPF_TRY(PathName::read(user_path, at_flags & kAtEmptyPath));
  if (path.text().empty())
    return start_directory(directory_fd, path.text());
  Location location;
  KBPF_TRY(walk_at(directory_fd, path.text(), last, location));
  if (!location.inode)
    return Errno::enoent;
  return location.inode;
}

SysResult<void> path_of_locked(Inode &inode, kbpf::TextSink &sink) {
  const Inode *root = current_process().fs->root.get();
  if (&inode == root) {
    sink.append("/");
    return {};
  }
  // Names come from the leaf upwards: put them into a buffer from its end.
  struct Reversed {
    char *bytes = static_cast<char *>(heap_allocate(kPathMax, 1));
    size_t start = kPathMax;
    ~Reversed() { heap_free(bytes, kPathMax, 1); }
  } path;
  if (!path.bytes)
    return Errno::enomem;
  Directory *directory = inode.as_directory();
  while (directory && directory != root) {
    if (!directory->parent()) // removed, or outside of the caller's root
      return Errno::enoent;
    char name[kNameMax + 1];
    kbpf::TextBuffer buffer(name, sizeof(name));
    const Directory *named = directory;
    while (named->covers)
      named = named->covers;
    KBPF_TRY(directory->parent()->name_of(*named, buffer));
    size_t size = buffer.text().size();
    if (path.start < size + 1)
      return Errno::enametoolong;
    path.start -= size + 1;
    path.bytes[path.start] = '/';
    memcpy(path.bytes + path.start + 1, name, size);
    directory = directory->parent();
  }
  sink.append({path.bytes + path.start, kPathMax - path.start});
  return {};
}

SysResult<void> path_of(Inode &directory, kbpf::TextSink &sink) {
  MutexGuard guard(namespace_lock);
  return path_of_locked(directory, sink);
}

} // namespace refkernel
