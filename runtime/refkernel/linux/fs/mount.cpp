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

void print_mounts(kbpf::TextSink &sink) {
  for (const Mount *mount = first_mount; mount; mount = mount->next) {
    sink.append("tmpfs ");
    if (!path_of_locked(*mount->root, sink).ok())
      sink.append("?"); // out of memory
    sink.append(" tmpfs rw 0 0\n");
  }
}

} // namespace refkernel
