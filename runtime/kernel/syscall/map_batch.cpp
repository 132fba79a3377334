// SPDX-License-Identifier: MIT OR Apache-2.0
// The commands on many elements at once. Hash types go by buckets: in_batch and out_batch are bucket numbers,
// and a bucket is copied whole or not at all, under its lock. The others go from key to key.
//
// count is set to the elements done even where the command fails half way; ENOENT from a lookup says that the
// map has come to its end.
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_map_batch;

class Batch {
public:
  // Checks what all of these commands check.
  static Result<void> open(Call &call, uint32_t command, MapInUse &map) {
    const Attr &attr = call.attr<Attr>();
    KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, flags)));
    KBPF_TRY(map.open(attr.map_fd));
    if ((command & (kBatchLookup | kBatchTake) && !map.may_read()) ||
        (command != kBatchLookup && (!map.may_write() || map->frozen())))
      return Error::not_permitted;
    if (!(map->batch_commands() & command))
      return Error::not_supported;
    if (attr.elem_flags & ~uint64_t{KBPF_MAP_ELEM_LOCK} || (attr.elem_flags && !map->has_lock()) ||
        attr.flags)
      return Error::invalid;
    return {};
  }

  Batch(Call &call, Map &map)
      : attr_(call.attr<Attr>()), user_count_(call.user_attr().offset(offsetof(Attr, count))), map_(map),
        key_size_(map.spec().key_size), value_size_(map.user_value_size()) {}

  Result<void> read_by_keys() {
    KBPF_TRY(report(0));
    KBPF_TRY(key_.reserve(key_size_));
    KBPF_TRY(next_.reserve(key_size_));
    KBPF_TRY(value_.reserve(value_size_));
    if (attr_.in_batch)
      KBPF_TRY(UserPtr(attr_.in_batch).copy_in(key_.data(), key_size_));
    const void *at = attr_.in_batch ? key_.data() : nullptr;
    Result<void> status = {};
    while (done_ < attr_.count && status.ok()) {
      status = map_.next_key(at, next_.data());
      if (!status.ok())
        break;
      memcpy(key_.data(), next_.data(), key_size_);
      at = key_.data();
      Result<void> read =
          attr_.elem_flags ? map_.read_locked(at, value_.data()) : map_.read_for_user(at, value_.data());
      if (!read.ok() && read.error() == Error::not_found)
        continue; // removed meanwhile
      KBPF_TRY(read);
      KBPF_TRY(copy_element_out(key_.data(), value_.data()));
    }
    if (at)
      KBPF_TRY(UserPtr(attr_.out_batch).copy_out(at, key_size_));
    KBPF_TRY(report(done_));
    return status;
  }

  Result<void> read_by_buckets(bool remove) {
    if (attr_.count == 0)
      return {};
    KBPF_TRY(report(0));
    uint32_t number = 0;
    if (attr_.in_batch)
      KBPF_TRY(UserPtr(attr_.in_batch).copy_in(&number, sizeof(number)));
    if (number >= map_.bucket_count())
      return Error::not_found;
    // Room for a usual bucket; more where one turns out to be longer.
    uint32_t room = 8;
    KBPF_TRY(make_room(room));
    while (number < map_.bucket_count()) { // empty buckets need no room
      uint32_t left = attr_.count - done_;
      Result<uint32_t> count =
          map_.read_bucket(number, keys_.data(), values_.data(), std::min(room, left), remove);
      if (!count.ok()) {
        if (room >= left)
          break; // does not fit any more: the next call begins with it
        room *= 2;
        KBPF_TRY(make_room(room));
        continue;
      }
      for (uint32_t i = 0; i < *count; i++)
        KBPF_TRY(copy_element_out(keys_.data() + size_t{i} * key_size_, values_.data() + i * value_size_));
      number++;
    }
    KBPF_TRY(UserPtr(attr_.out_batch).copy_out(&number, sizeof(number)));
    KBPF_TRY(report(done_));
    if (number == map_.bucket_count())
      return Error::not_found;
    if (done_ == 0)
      return Error::no_space; // the first bucket has more than count
    return {};
  }

  // Calls change(key, value) with each; stops at the first error. with_values: the caller gave some.
  template <typename Change> Result<void> write(bool with_values, Change change) {
    KBPF_TRY(key_.reserve(key_size_));
    KBPF_TRY(value_.reserve(value_size_));
    Result<void> status = {};
    for (; done_ < attr_.count; done_++) {
      status = UserPtr(attr_.keys).offset(uint64_t{done_} * key_size_).copy_in(key_.data(), key_size_);
      if (status.ok() && with_values)
        status = UserPtr(attr_.values).offset(done_ * value_size_).copy_in(value_.data(), value_size_);
      if (status.ok())
        status = change(key_.data(), value_.data());
      if (!status.ok())
        break;
    }
    KBPF_TRY(report(done_));
    return status;
  }

private:
  Result<void> report(uint32_t count) { return user_count_.copy_out(&count, sizeof(count)); }

  Result<void> make_room(uint32_t elements) {
    keys_ = KBPF_TRY(Buffer::create(size_t{elements} * key_size_));
    values_ = KBPF_TRY(Buffer::create(elements * value_size_));
    return {};
  }

  Result<void> copy_element_out(const void *key, const void *value) {
    KBPF_TRY(UserPtr(attr_.keys).offset(uint64_t{done_} * key_size_).copy_out(key, key_size_));
    KBPF_TRY(UserPtr(attr_.values).offset(done_ * value_size_).copy_out(value, value_size_));
    done_++;
    return {};
  }

  const Attr &attr_;
  const UserPtr user_count_;
  Map &map_;
  const uint32_t key_size_;
  const size_t value_size_;
  uint32_t done_ = 0;
  ScratchBuffer key_, next_, value_;
  Buffer keys_, values_;
};

Result<int64_t> read_batch(Call &call, uint32_t command) {
  MapInUse map;
  KBPF_TRY(Batch::open(call, command, map));
  if (call.attr<Attr>().count == 0)
    return 0;
  UserWrite write(map, command == kBatchTake);
  if (!write.allowed())
    return Error::not_permitted;
  Batch batch(call, *map);
  KBPF_TRY(map->bucket_count() ? batch.read_by_buckets(command == kBatchTake) : batch.read_by_keys());
  return 0;
}

} // namespace

Result<int64_t> map_lookup_batch(Call &call) { return read_batch(call, kBatchLookup); }
Result<int64_t> map_lookup_and_delete_batch(Call &call) { return read_batch(call, kBatchTake); }

Result<int64_t> map_update_batch(Call &call) {
  MapInUse map;
  KBPF_TRY(Batch::open(call, kBatchUpdate, map));
  if (call.attr<Attr>().count == 0)
    return 0;
  UserWrite write(map);
  if (!write.allowed())
    return Error::not_permitted;
  Batch batch(call, *map);
  KBPF_TRY(batch.write(true, [&](const void *key, const void *value) {
    return map->write_for_user(key, value, call.attr<Attr>().elem_flags);
  }));
  return 0;
}

Result<int64_t> map_delete_batch(Call &call) {
  MapInUse map;
  KBPF_TRY(Batch::open(call, kBatchDelete, map));
  if (call.attr<Attr>().count == 0)
    return 0;
  UserWrite write(map);
  if (!write.allowed())
    return Error::not_permitted;
  Batch batch(call, *map);
  KBPF_TRY(batch.write(false, [&](const void *key, const void *) { return map->remove(key); }));
  return 0;
}

} // namespace kbpf::commands
