// SPDX-License-Identifier: MIT OR Apache-2.0
// What the commands of bpf(2) share: the attr, copied in once, user pointers that nobody can dereference by
// mistake, and file descriptors. Inside, errors are kbpf::Error; bpf.cpp turns them into errno.
#pragma once
#include "abi/attr.h"
#include "core/base/result.h"
#include "kernel/btf_object.h"
#include "kernel/link.h"
#include "kernel/maps/map.h"
#include "kernel/memory.h"
#include "kernel/port.h"
#include "kernel/program.h"
#include "kernel/stats.h"
#include <algorithm>
#include <cstring>

namespace kbpf {

// An address of the calling process.
class UserPtr {
public:
  explicit UserPtr(uint64_t address) : address_(address) {}
  explicit operator bool() const { return address_; }
  UserPtr offset(uint64_t bytes) const { return UserPtr(address_ + bytes); }

  // Error: bad_address.
  Result<void> copy_in(void *to, size_t size) const {
    if (size && kbpf_port_copy_from_user(to, address_, size) != 0)
      return Error::bad_address;
    return {};
  }
  Result<void> copy_out(const void *from, size_t size) const {
    if (size && kbpf_port_copy_to_user(address_, from, size) != 0)
      return Error::bad_address;
    return {};
  }
  // A NUL-terminated string of at most size - 1 characters into buffer. Errors: bad_address, too_big.
  Result<std::string_view> copy_string(char *buffer, size_t size) const;

private:
  uint64_t address_;
};

constexpr size_t kAttrSize =
    std::max({sizeof(kbpf_attr_map_create), sizeof(kbpf_attr_map_elem), sizeof(kbpf_attr_map_batch),
              sizeof(kbpf_attr_prog_load), sizeof(kbpf_attr_attach), sizeof(kbpf_attr_prog_load_ex),
              sizeof(kbpf_attr_btf_load), sizeof(kbpf_attr_link_create), sizeof(kbpf_attr_task_fd_query),
              sizeof(kbpf_attr_prog_test_run)});

// One call of bpf(2).
class Call {
public:
  // Copies the attr in. Errors: too_big (a non-zero byte that this kernel has no field for, or more than a
  // page), bad_address.
  Result<void> copy_attr(uint64_t user_attr, uint64_t size);

  // The attr as a command sees it: fields that the caller did not give are zero.
  template <typename T> const T &attr() {
    static_assert(sizeof(T) <= kAttrSize && std::is_trivially_copyable_v<T>);
    if (size_ < sizeof(T))
      memset(bytes_ + size_, 0, sizeof(T) - size_);
    return *reinterpret_cast<const T *>(bytes_);
  }
  // Error: invalid, where a byte behind the first used ones is not zero: the command has no field there.
  Result<void> check_unused(size_t used) const { return size_ <= used ? Result<void>() : check_rest(used); }

  // Where the caller keeps the attr, and how much of it it knows: for the fields that a command writes.
  UserPtr user_attr() const { return UserPtr(user_attr_); }
  uint64_t size() const { return size_; }

private:
  Result<void> check_rest(size_t used) const;
  Result<void> check_tail() const; // that this kernel has no field for

  uint64_t user_attr_;
  uint64_t size_;
  alignas(8) std::byte bytes_[kAttrSize];
};

// The object behind a descriptor. Errors: bad_fd (not open), invalid (open, but something else).
Result<Ref<Map>> map_from_fd(uint32_t fd);
Result<Ref<Program>> program_from_fd(uint32_t fd);
Result<Ref<BtfObject>> btf_from_fd(uint32_t fd);
// What a descriptor of a map may do: the port's KBPF_FD_NO_READ or NO_WRITE, or 0. flags: of which
// KBPF_MAP_F_RDONLY and WRONLY count. Error: invalid, where both are given.
Result<int> fd_access(uint32_t flags);
// The map behind a descriptor for the time of a call.
class MapInUse {
public:
  MapInUse() = default;
  ~MapInUse() {
    if (owned_) [[unlikely]]
      Ref<Map>::adopt(map_).reset();
  }
  MapInUse(const MapInUse &) = delete;
  MapInUse &operator=(const MapInUse &) = delete;
  // Once. Errors: those of map_from_fd.
  Result<void> open(uint32_t fd) {
    Object *object = nullptr;
    access_ = kbpf_port_fd_peek(static_cast<int>(fd), &object);
    if (access_ < 0 || object->kind != Object::Kind::map) [[unlikely]]
      return own(fd);
    map_ = static_cast<Map *>(object);
    return {};
  }
  Map *operator->() const { return map_; }
  Map &operator*() const { return *map_; }
  // Of the descriptor; a frozen map is not changed through any.
  bool may_read() const { return !(access_ & KBPF_FD_NO_READ); }
  bool may_write() const { return !(access_ & KBPF_FD_NO_WRITE); }

private:
  Result<void> own(uint32_t fd);
  Map *map_ = nullptr;
  int access_ = 0;
  bool owned_ = false;
};
// A permission to change a map for as long as the scope lasts: the descriptor may, and the map is not frozen.
class UserWrite {
public:
  explicit UserWrite(const MapInUse &map, bool wanted = true)
      : map_(wanted && map.may_write() && map->begin_user_write() ? &*map : nullptr),
        allowed_(map_ || !wanted) {}
  ~UserWrite() {
    if (map_)
      map_->end_user_write();
  }
  UserWrite(const UserWrite &) = delete;
  UserWrite &operator=(const UserWrite &) = delete;
  bool allowed() const { return allowed_; }

private:
  Map *const map_;
  const bool allowed_;
};
// A new descriptor, close-on-exec. access: as fd_access gives it. Errors: too_many_files, no_memory.
Result<int64_t> install_fd(Ref<Map> map, int access);
Result<int64_t> install_fd(Ref<Program> program);
Result<int64_t> install_fd(Ref<StatsSwitch> stats);
Result<int64_t> install_fd(Ref<BtfObject> btf);
Result<int64_t> install_fd(Ref<Link> link);
// The same of one that there was: Linux calls it "bpf-link", and bpftool tells by that what it is.
Result<int64_t> install_found_link(Ref<Link> link);

// Linux's rules: CAP_SYS_ADMIN stands for the capabilities that were once part of it. Commands on what a
// process has a descriptor of need none. Error: not_permitted.
inline bool has_capability(kbpf_capability capability) {
  return kbpf_port_capable(capability) || kbpf_port_capable(KBPF_CAP_SYS_ADMIN);
}
inline Result<void> require_capability(kbpf_capability capability) {
  return has_capability(capability) ? Result<void>() : Error::not_permitted;
}
// What is loaded and attached by its name is for probes, which see the kernel's addresses.
inline Result<void> require_for_programs() {
  KBPF_TRY(require_capability(KBPF_CAP_BPF));
  return require_capability(KBPF_CAP_PERFMON);
}

// commands.def: each command is a function of its name. A missing one is a link error.
namespace commands {
#define KBPF_COMMAND(number, name, NAME, since, text) Result<int64_t> name(Call &call);
#include "abi/commands.def"
#undef KBPF_COMMAND
} // namespace commands

// The bytes of T up to and with its field: for Call::check_unused.
#define KBPF_USED_UP_TO(T, field) (offsetof(T, field) + sizeof(T::field))

} // namespace kbpf
