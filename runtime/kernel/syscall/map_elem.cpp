// SPDX-License-Identifier: MIT OR Apache-2.0
// The commands on one element of a map. Keys and values are copied to and from the process outside of every
// lock.
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_map_elem;

// Types without keys take a null pointer.
Result<void> copy_key(const Attr &attr, const Map &map, ScratchBuffer &key) {
  if (map.spec().key_size == 0 && attr.key)
    return Error::invalid;
  KBPF_TRY(key.reserve(map.spec().key_size));
  return UserPtr(attr.key).copy_in(key.data(), map.spec().key_size);
}

Result<void> check_lock_flag(uint64_t flags, const Map &map) {
  return flags & KBPF_MAP_ELEM_LOCK && !map.has_lock() ? Result<void>(Error::invalid) : Result<void>();
}

} // namespace

Result<int64_t> map_lookup_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, flags)));
  if (attr.flags & ~uint64_t{KBPF_MAP_ELEM_LOCK})
    return Error::invalid;
  Ref<Map> map = KBPF_TRY(map_from_fd(attr.map_fd));
  if (!map->user_may_read())
    return Error::not_permitted;
  KBPF_TRY(check_lock_flag(attr.flags, *map));
  ScratchBuffer key, value;
  KBPF_TRY(copy_key(attr, *map, key));
  KBPF_TRY(value.reserve(map->user_value_size()));
  if (map->lookup_takes_value())
    KBPF_TRY(UserPtr(attr.value).copy_in(value.data(), map->user_value_size()));
  KBPF_TRY(attr.flags & KBPF_MAP_ELEM_LOCK ? map->read_locked(key.data(), value.data())
                                           : map->read_for_user(key.data(), value.data()));
  KBPF_TRY(UserPtr(attr.value).copy_out(value.data(), map->user_value_size()));
  return 0;
}

Result<int64_t> map_lookup_and_delete_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, flags)));
  if (attr.flags & ~uint64_t{KBPF_MAP_ELEM_LOCK})
    return Error::invalid;
  Ref<Map> map = KBPF_TRY(map_from_fd(attr.map_fd));
  UserWrite write(*map);
  if (!map->user_may_read() || !write.allowed())
    return Error::not_permitted;
  KBPF_TRY(check_lock_flag(attr.flags, *map));
  ScratchBuffer key, value;
  KBPF_TRY(copy_key(attr, *map, key));
  KBPF_TRY(value.reserve(map->user_value_size()));
  KBPF_TRY(map->take_for_user(key.data(), value.data()));
  KBPF_TRY(UserPtr(attr.value).copy_out(value.data(), map->user_value_size()));
  return 0;
}

Result<int64_t> map_update_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, flags)));
  Ref<Map> map = KBPF_TRY(map_from_fd(attr.map_fd));
  UserWrite write(*map);
  if (!write.allowed())
    return Error::not_permitted;
  KBPF_TRY(check_lock_flag(attr.flags, *map));
  ScratchBuffer key, value;
  KBPF_TRY(copy_key(attr, *map, key));
  KBPF_TRY(value.reserve(map->user_value_size()));
  KBPF_TRY(UserPtr(attr.value).copy_in(value.data(), map->user_value_size()));
  KBPF_TRY(map->write_for_user(key.data(), value.data(), attr.flags));
  return 0;
}

Result<int64_t> map_delete_elem(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, key)));
  Ref<Map> map = KBPF_TRY(map_from_fd(attr.map_fd));
  UserWrite write(*map);
  if (!write.allowed())
    return Error::not_permitted;
  ScratchBuffer key;
  KBPF_TRY(copy_key(attr, *map, key));
  KBPF_TRY(map->remove(key.data()));
  return 0;
}

Result<int64_t> map_get_next_key(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, value)));
  Ref<Map> map = KBPF_TRY(map_from_fd(attr.map_fd));
  if (!map->user_may_read())
    return Error::not_permitted;
  ScratchBuffer key, next;
  if (attr.key)
    KBPF_TRY(copy_key(attr, *map, key));
  KBPF_TRY(next.reserve(map->spec().key_size));
  KBPF_TRY(map->next_key(attr.key ? key.data() : nullptr, next.data()));
  KBPF_TRY(UserPtr(attr.value).copy_out(next.data(), map->spec().key_size));
  return 0;
}

Result<int64_t> map_freeze(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, map_fd)));
  Ref<Map> map = KBPF_TRY(map_from_fd(attr.map_fd));
  if (map->spec().flags & KBPF_MAP_F_RDONLY)
    return Error::not_permitted;
  KBPF_TRY(map->freeze());
  return 0;
}

} // namespace kbpf::commands
