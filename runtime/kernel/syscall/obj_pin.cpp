// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_OBJ_PIN and BPF_OBJ_GET: objects under names of the bpf file system, which is the port's.
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

constexpr int kWorkingDirectory = -100; // AT_FDCWD

// allowed: file_flags besides KBPF_F_PATH_FD.
Result<int> start_directory(const kbpf_attr_obj &attr, uint32_t allowed) {
  if (attr.file_flags & ~(KBPF_F_PATH_FD | allowed) || (!(attr.file_flags & KBPF_F_PATH_FD) && attr.path_fd))
    return Error::invalid;
  return attr.file_flags & KBPF_F_PATH_FD ? attr.path_fd : kWorkingDirectory;
}

} // namespace

Result<int64_t> obj_pin(Call &call) {
  const auto &attr = call.attr<kbpf_attr_obj>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(kbpf_attr_obj, path_fd)));
  int directory = KBPF_TRY(start_directory(attr, 0));
  Ref<Object> object = KBPF_TRY(object_from_fd(attr.bpf_fd));
  if (object->kind != Object::Kind::map && object->kind != Object::Kind::program &&
      object->kind != Object::Kind::link)
    return Error::invalid;
  return int64_t{kbpf_port_path_bind(directory, attr.pathname, object.get())}; // errors are the file system's
}

Result<int64_t> obj_get(Call &call) {
  const auto &attr = call.attr<kbpf_attr_obj>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(kbpf_attr_obj, path_fd)));
  int directory = KBPF_TRY(start_directory(attr, KBPF_MAP_F_RDONLY | KBPF_MAP_F_WRONLY));
  if (attr.bpf_fd)
    return Error::invalid;
  const int access = KBPF_TRY(fd_access(attr.file_flags));
  Object *found = nullptr;
  if (int status = kbpf_port_path_open(directory, attr.pathname, access, &found); status != 0)
    return int64_t{status};
  Ref<Object> object = adopt_from_port(found);
  if (object->kind == Object::Kind::link && access)
    return Error::invalid;
  if (object->kind == Object::Kind::link)
    return install_found_link(Ref<Link>::adopt(static_cast<Link *>(object.release())));
  if (object->kind == Object::Kind::map)
    return install_fd(Ref<Map>::adopt(static_cast<Map *>(object.release())), access);
  return install_fd(Ref<Program>::adopt(static_cast<Program *>(object.release())));
}

} // namespace kbpf::commands
