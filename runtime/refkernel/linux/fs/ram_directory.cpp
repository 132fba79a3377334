// SPDX-License-Identifier: MIT OR Apache-2.0
// Hashed, ordered directories in memory; see the header. Callers hold namespace_lock.
#include "refkernel/linux/fs/ram_directory.h"
#include <cstring>

namespace refkernel {

struct RamDirectoryBase::Entry {
  std::string_view name; // heap
  uint64_t hash = 0, offset = 0;
  Ref<Inode> inode;
  Entry *next_in_bucket = nullptr, *next = nullptr, *previous = nullptr;
};

namespace {
uint64_t hash(std::string_view name) { // FNV-1a
  uint64_t value = 0xcbf29ce484222325;
  for (char c : name)
    value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return value;
}
} // namespace

RamDirectoryBase::~RamDirectoryBase() {
  while (first_)
    unlink(*first_);
  heap_free(buckets_, bucket_count_ * sizeof(Entry *), alignof(Entry *));
}

SysResult<Ref<Inode>> RamDirectoryBase::lookup(std::string_view name) {
  Entry *entry = find(name);
  if (!entry)
    return Errno::enoent;
  return Ref<Inode>(entry->inode);
}

SysResult<void> RamDirectoryBase::insert(std::string_view name, Ref<Inode> inode) {
  if (find(name))
    return Errno::eexist;
  KBPF_TRY(make_room());
  auto *entry = try_make<Entry>();
  char *bytes = static_cast<char *>(heap_allocate(name.size(), 1));
  if (!entry || !bytes) {
    destroy(entry);
    heap_free(bytes, name.size(), 1);
    return Errno::enospc;
  }
  memcpy(bytes, name.data(), name.size());
  entry->name = {bytes, name.size()};
  entry->hash = hash(name);
  entry->offset = next_offset_++;
  if (Directory *child = inode->as_directory()) {
    child->set_parent(this);
    ++link_count;
  }
  entry->inode = std::move(inode);
  Entry *&bucket = buckets_[entry->hash % bucket_count_];
  entry->next_in_bucket = bucket;
  bucket = entry;
  entry->previous = last_;
  (last_ ? last_->next : first_) = entry;
  last_ = entry;
  ++entry_count_;
  touch(false, true);
  return {};
}

SysResult<void> RamDirectoryBase::remove(std::string_view name) {
  Entry *entry = find(name);
  if (!entry)
    return Errno::enoent;
  unlink(*entry);
  touch(false, true);
  return {};
}

SysResult<void> RamDirectoryBase::list(uint64_t offset, DirectorySink &sink) {
  for (Entry *entry = first_; entry; entry = entry->next)
    if (entry->offset > offset &&
        !sink.add(entry->name, entry->inode->number, entry->inode->mode(), entry->offset))
      break;
  return {};
}

SysResult<void> RamDirectoryBase::name_of(const Inode &child, kbpf::TextSink &sink) {
  for (Entry *entry = first_; entry; entry = entry->next)
    if (entry->inode.get() == &child) {
      sink.append(entry->name);
      return {};
    }
  return Errno::enoent;
}

RamDirectoryBase::Entry *RamDirectoryBase::find(std::string_view name) {
  if (!bucket_count_)
    return nullptr;
  uint64_t wanted = hash(name);
  Entry *entry = buckets_[wanted % bucket_count_];
  while (entry && (entry->hash != wanted || entry->name != name))
    entry = entry->next_in_bucket;
  return entry;
}

SysResult<void> RamDirectoryBase::make_room() {
  if (entry_count_ < bucket_count_ * 2)
    return {};
  size_t wider = bucket_count_ ? bucket_count_ * 4 : 8;
  auto **buckets = static_cast<Entry **>(heap_allocate(wider * sizeof(Entry *), alignof(Entry *)));
  if (!buckets)
    return Errno::enospc;
  memset(buckets, 0, wider * sizeof(Entry *));
  for (Entry *entry = first_; entry; entry = entry->next) {
    Entry *&bucket = buckets[entry->hash % wider];
    entry->next_in_bucket = bucket;
    bucket = entry;
  }
  heap_free(buckets_, bucket_count_ * sizeof(Entry *), alignof(Entry *));
  buckets_ = buckets;
  bucket_count_ = wider;
  return {};
}

void RamDirectoryBase::unlink(Entry &entry) {
  Entry **link = &buckets_[entry.hash % bucket_count_];
  while (*link != &entry)
    link = &(*link)->next_in_bucket;
  *link = entry.next_in_bucket;
  (entry.previous ? entry.previous->next : first_) = entry.next;
  (entry.next ? entry.next->previous : last_) = entry.previous;
  if (Directory *child = entry.inode->as_directory()) {
    child->set_parent(nullptr);
    --link_count;
  }
  --entry_count_;
  heap_free(const_cast<char *>(entry.name.data()), entry.name.size(), 1);
  destroy(&entry);
}

} // namespace refkernel
