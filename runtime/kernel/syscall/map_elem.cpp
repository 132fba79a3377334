// SPDX-License-Identifier: MIT OR Apache-2.0
// The commands on one element of a map. Keys and values are copied to and from the process outside of every
// lock.
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_map_elem;

// Room for a key and a value side by side, which is on the stack where both are small.
class Element {
public:
  Element(const Map &map, size_t value_size)
      : key_size_(map.spec().key_size), value_at_(round_up_8(key_size_)), value_size_(value_size) {}
  Result<void> make_room() {
    return value_at_ + value_size_ > sizeof(inline_) ? move_to_heap() : Result<void>();
  }
  // Makes room. Types without keys take a null pointer.
  Result<void> copy_key(uint64_t user_key) {
    if (key_size_ == 0 && user_key)
      return Error::invalid;
    KBPF_TRY(make_room());
    return UserPtr(user_key).copy_in(bytes_, key_size_);
  }
  Result<void> copy_value_in(uint64_t user_value) {
    return UserPtr(user_value).copy_in(value(), value_size_);
  }
  Result<void> copy_value_out(uint64_t user_value) {
    return UserPtr(user_value).copy_out(value(), value_size_);
  }
  void *key() { return bytes_; }
  void *value() { return bytes_ + value_at_; }

private:
  Result<void> move_to_heap() {
    heap_ = KBPF_TRY(Buffer::create(value_at_ + value_size_));
    bytes_ = heap_.data();
    return {};
  }
  const size_t key_size_, value_at_, value_size_;
  std::byte *bytes_ = inline_;
  Buffer heap_;
  alignas(8) std::byte inline_[128];
};

Result<void> check_lock_flag(uint64_t flags, const Map &map) {
  return flags & KBPF_MAP_ELEM_LOCK && !map.has_lock() ? Result<void>(Error::invalid) : Result<void>();
}

} // namespace

Result<int64_t> map_lookup_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, flags)));
  if (attr.flags & ~uint64_t{KBPF_MAP_ELEM_LOCK})
    return Error::invalid;
  MapInUse map;
  KBPF_TRY(map.open(attr.map_fd));
  if (!map.may_read())
    return Error::not_permitted;
  KBPF_TRY(check_lock_flag(attr.flags, *map));
  const Map::UserAccess access = map->user_access();
  Element element(*map, access.value_size);
  KBPF_TRY(element.copy_key(attr.key));
  if (access.lookup_takes_value)
    KBPF_TRY(element.copy_value_in(attr.value));
  KBPF_TRY(attr.flags & KBPF_MAP_ELEM_LOCK ? map->read_locked(element.key(), element.value())
                                           : map->read_for_user(element.key(), element.value()));
  KBPF_TRY(element.copy_value_out(attr.value));
  return 0;
}

Result<int64_t> map_lookup_and_delete_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, flags)));
  if (attr.flags & ~uint64_t{KBPF_MAP_ELEM_LOCK})
    return Error::invalid;
  MapInUse map;
  KBPF_TRY(map.open(attr.map_fd));
  UserWrite write(map);
  if (!map.may_read() || !write.allowed())
    return Error::not_permitted;
  KBPF_TRY(check_lock_flag(attr.flags, *map));
  Element element(*map, map->user_access().value_size);
  KBPF_TRY(element.copy_key(attr.key));
  KBPF_TRY(map->take_for_user(element.key(), element.value()));
  KBPF_TRY(element.copy_value_out(attr.value));
  return 0;
}

Result<int64_t> map_update_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, flags)));
  MapInUse map;
  KBPF_TRY(map.open(attr.map_fd));
  UserWrite write(map);
  if (!write.allowed())
    return Error::not_permitted;
  KBPF_TRY(check_lock_flag(attr.flags, *map));
  Element element(*map, map->user_access().value_size);
  KBPF_TRY(element.copy_key(attr.key));
  KBPF_TRY(element.copy_value_in(attr.value));
  KBPF_TRY(map->write_for_user(element.key(), element.value(), attr.flags));
  return 0;
}

Result<int64_t> map_delete_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, key)));
  MapInUse map;
  KBPF_TRY(map.open(attr.map_fd));
  UserWrite write(map);
  if (!write.allowed())
    return Error::not_permitted;
  Element element(*map, 0);
  KBPF_TRY(element.copy_key(attr.key));
  KBPF_TRY(map->remove(element.key()));
  return 0;
}

Result<int64_t> map_get_next_key(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, value)));
  MapInUse map;
  KBPF_TRY(map.open(attr.map_fd));
  if (!map.may_read())
    return Error::not_permitted;
  Element element(*map, map->spec().key_size); // the next key in the value's place
  if (attr.key)
    KBPF_TRY(element.copy_key(attr.key));
  else
    KBPF_TRY(element.make_room());
  KBPF_TRY(map->next_key(attr.key ? element.key() : nullptr, element.value()));
  KBPF_TRY(element.copy_value_out(attr.value));
  return 0;
}

Result<int64_t> map_freeze(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, map_fd)));
  MapInUse map;
  KBPF_TRY(map.open(attr.map_fd));
  if (!map.may_write())
    return Error::not_permitted;
  KBPF_TRY(map->freeze());
  return 0;
}

} // namespace kbpf::commands
