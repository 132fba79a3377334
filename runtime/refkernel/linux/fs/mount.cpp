// SPDX-License-Identifier: MIT OR Apache-2.0
// The mounts are a list in the order of their making.
#include "refkernel/linux/fs/mount.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/linux/fs/path.h"

namespace refkernel {

namespace {

struct Mount {
  Ref<Inode> covered, root;
  Mount *next = nullptr;
};
Mount *first_mount = nullptr;

Mount **link_of_root(const Inode &root) {
  Mount **link = &first_mount;
  while (*link && (*link)->root.get() != &root)
    link = &(*link)->next;
  return link;
}

} // namespace

Ref<Inode> mounted_at(Ref<Inode> inode) {
  for (Directory *directory = inode->as_directory(); directory && directory->mounted;) {
    inode = Ref<Inode>::share(directory->mounted);
    directory = directory->mounted;
  }
  return inode;
}

SysResult<void> mount_tmpfs(Inode &target, uint32_t permissions) {
  Directory *covered = target.as_directory();
  if (!covered->parent())
    return Errno::ebusy;
  Ref<Inode> root = KBPF_TRY(make_ram_directory(kTmpFs, permissions));
  Mount *mount = try_make<Mount>(Mount{Ref<Inode>::share(&target), root});
  if (!mount)
    return Errno::enomem;
  root->as_directory()->set_parent(covered->parent());
  root->as_directory()->covers = covered;
  covered->mounted = root->as_directory();
  Mount **link = &first_mount;
  while (*link)
    link = &(*link)->next;
  *link = mount;
  return {};
}

SysResult<void> unmount(Inode &root) {
  Mount **link = link_of_root(root);
  Mount *mount = *link;
  if (!mount)
    return Errno::einval;
  Directory *tree = root.as_directory();
  tree->covers->mounted = nullptr;
  tree->covers = nullptr;
  tree->set_parent(nullptr);
  *link = mount->next;
  destroy(mount);
  return {};
}

namespace {

// What is at its place from the start.
struct FixedMount {
  const FileSystemKind &kind;
  const char *path, *options; // options: of the file system
};
const FixedMount kFixed[] = {
    {kRootFs, "/", "rw"},   {kProcFs, "/proc", "rw"},
    {kDevFs, "/dev", "rw"}, {kSysFs, "/sys", "rw"},
    {kTraceFs, "/sys/kernel/tracing", "rw"}, {kDebugFs, "/sys/kernel/debug", "rw"},
    {kBpfFs, "/sys/fs/bpf", "rw,mode=1777"},
};

// Calls print(kind, path, options) for each.
template <typename Print> void for_each_mount(kbpf::TextSink &sink, Print print) {
  for (const FixedMount &fixed : kFixed)
    print(fixed.kind, [&] { sink.append(fixed.path); }, fixed.options);
  MutexGuard guard(namespace_lock);
  for (const Mount *mount = first_mount; mount; mount = mount->next)
    print(
        kTmpFs,
        [&] {
          if (!path_of_locked(*mount->root, sink).ok())
            sink.append("?"); // out of memory
        },
        "rw");
}

} // namespace

void print_mounts(kbpf::TextSink &sink) {
  for_each_mount(sink, [&](const FileSystemKind &kind, auto print_path, const char *options) {
    kbpf::print(sink, "{} ", kind.name);
    print_path();
    kbpf::print(sink, " {} {} 0 0\n", kind.name, options);
  });
}

void print_mount_info(kbpf::TextSink &sink) {
  uint32_t number = 1;
  for_each_mount(sink, [&](const FileSystemKind &kind, auto print_path, const char *options) {
    kbpf::print(sink, "{} {} 0:{} / ", number, number == 1 ? 0u : 1u, kind.device);
    print_path();
    kbpf::print(sink, " rw - {} {} {}\n", kind.name, kind.name, options);
    ++number;
  });
}

} // namespace refkernel
