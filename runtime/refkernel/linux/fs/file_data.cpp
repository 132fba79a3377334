// SPDX-License-Identifier: MIT OR Apache-2.0
// Radix tree of pages: level 2 is the root, each level has 512 slots, level 0's slots are pages. A node or
// page, once there, stays until resize() shrinks the file below it or the file goes.
#include "refkernel/linux/fs/file_data.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/linux/abi.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {
constexpr unsigned kBits = 9, kLevels = 3;
constexpr size_t kSlots = 1u << kBits;
size_t slot_of(uint64_t index, unsigned level) { return (index >> (level * kBits)) & (kSlots - 1); }
} // namespace

struct FileData::Node {
  void *slots[kSlots] = {}; // Node, or Page at level 0
};

SysResult<Ref<FileData>> FileData::create() {
  FileData *data = try_make<FileData>();
  if (!data)
    return Errno::enomem;
  return Ref<FileData>::adopt(data);
}

FileData::~FileData() {
  if (root_)
    free_from(root_, kLevels - 1, 0, 0);
  destroy(root_);
}

void FileData::dispose() { free_object(this); }

Page **FileData::slot(uint64_t index, bool make) {
  if (!root_ && (!make || !(root_ = try_make<Node>())))
    return nullptr;
  Node *node = root_;
  for (unsigned level = kLevels - 1; level > 0; --level) {
    void *&child = node->slots[slot_of(index, level)];
    if (!child && (!make || !(child = try_make<Node>())))
      return nullptr;
    node = static_cast<Node *>(child);
  }
  return reinterpret_cast<Page **>(&node->slots[slot_of(index, 0)]);
}

SysResult<Page *> FileData::shared_page(uint64_t index, bool make) {
  MutexGuard guard(lock_);
  Page **place = slot(index, make);
  if (!place)
    return make ? SysResult<Page *>(Errno::enospc) : SysResult<Page *>(nullptr);
  if (!*place && make) {
    *place = allocate_page(true);
    if (!*place)
      return Errno::enospc;
    page_count_.fetch_add(1, std::memory_order_relaxed);
  }
  if (*place)
    acquire_page(*place);
  return *place;
}

kbpf::Result<Page *> FileData::page(uint64_t index) {
  if (index >= (size() + kPageSize - 1) / kPageSize)
    return kbpf::Error::out_of_range;
  auto found = shared_page(index, true);
  if (!found.ok())
    return kbpf::Error::no_memory;
  return *found;
}

SysResult<size_t> FileData::read(IoCursor &to, uint64_t position) {
  static constexpr char kZeros[512] = {};
  size_t total = 0;
  uint64_t end = size();
  while (position < end && to.remaining()) {
    size_t offset = position % kPageSize;
    size_t count = std::min({uint64_t{to.remaining()}, kPageSize - offset, end - position});
    Page *page = KBPF_TRY(shared_page(position / kPageSize, false));
    SysResult<void> moved;
    if (page) {
      moved = to.put(static_cast<char *>(page_address(page)) + offset, count);
      release_page(page);
    } else {
      count = std::min(count, sizeof(kZeros));
      moved = to.put(kZeros, count);
    }
    if (!moved.ok())
      return total ? SysResult<size_t>(total) : moved.error();
    total += count;
    position += count;
  }
  return total;
}

SysResult<size_t> FileData::write(IoCursor &from, uint64_t position) {
  if (position >= kMaxFileSize && from.remaining())
    return Errno::efbig;
  if (const uint32_t sealed = seals(); sealed & ~uint32_t{kSealSeal} && from.remaining())
    if (sealed & (kSealWrite | kSealFutureWrite) || (sealed & kSealGrow && position + from.remaining() > size()))
      return Errno::eperm;
  size_t total = 0;
  while (from.remaining() && position < kMaxFileSize) {
    size_t offset = position % kPageSize;
    size_t count = std::min(uint64_t{from.remaining()}, kPageSize - offset);
    SysResult<Page *> page = shared_page(position / kPageSize, true);
    if (!page.ok())
      return total ? SysResult<size_t>(total) : page.error();
    SysResult<void> moved = from.take(static_cast<char *>(page_address(*page)) + offset, count);
    release_page(*page);
    if (!moved.ok())
      return total ? SysResult<size_t>(total) : moved.error();
    total += count;
    position += count;
    grow(position);
  }
  return total;
}

void FileData::grow(uint64_t size) {
  uint64_t seen = size_.load(std::memory_order_relaxed);
  while (seen < size && !size_.compare_exchange_weak(seen, size, std::memory_order_release))
    ;
}

SysResult<uint64_t> FileData::append(IoCursor &from, size_t &written) {
  MutexGuard guard(append_lock_);
  uint64_t end = size();
  written = KBPF_TRY(write(from, end));
  return end;
}

SysResult<void> FileData::resize(uint64_t size) {
  if (size > kMaxFileSize)
    return Errno::efbig;
  MutexGuard guard(lock_);
  if ((seals() & kSealGrow && size > this->size()) || (seals() & kSealShrink && size < this->size()))
    return Errno::eperm;
  uint64_t old = size_.exchange(size, std::memory_order_acq_rel);
  if (size >= old || !root_)
    return {};
  uint64_t first_gone = (size + kPageSize - 1) / kPageSize;
  free_from(root_, kLevels - 1, 0, first_gone);
  if (size % kPageSize)
    if (Page **place = slot(size / kPageSize, false); place && *place)
      memset(static_cast<char *>(page_address(*place)) + size % kPageSize, 0, kPageSize - size % kPageSize);
  return {};
}

SysResult<void> FileData::add_seals(uint32_t seals) {
  uint32_t has = this->seals();
  do {
    if (has & kSealSeal)
      return Errno::eperm;
  } while (!seals_.compare_exchange_weak(has, has | seals, std::memory_order_acq_rel));
  return {};
}

SysResult<void> FileData::clear(uint64_t from, uint64_t to) {
  if (seals() & (kSealWrite | kSealFutureWrite))
    return Errno::eperm;
  to = std::min(to, size());
  while (from < to) {
    const size_t offset = from % kPageSize, count = std::min(uint64_t{kPageSize - offset}, to - from);
    if (Page *page = KBPF_TRY(shared_page(from / kPageSize, false))) {
      memset(static_cast<char *>(page_address(page)) + offset, 0, count);
      release_page(page);
    }
    from += count;
  }
  return {};
}

// Frees what lies at or behind page first_index below node, which itself stays. Depth: kLevels.
void FileData::free_from(Node *node, unsigned level, uint64_t base, uint64_t first_index) {
  uint64_t span = uint64_t{1} << (level * kBits);
  for (size_t i = 0; i < kSlots; ++i) {
    uint64_t start = base + i * span;
    void *&child = node->slots[i];
    if (!child || start + span <= first_index)
      continue;
    if (level == 0) {
      release_page(static_cast<Page *>(child));
      page_count_.fetch_sub(1, std::memory_order_relaxed);
      child = nullptr;
      continue;
    }
    free_from(static_cast<Node *>(child), level - 1, start, first_index);
    if (start >= first_index) {
      destroy(static_cast<Node *>(child));
      child = nullptr;
    }
  }
}

SysResult<void> FileData::read_exact(void *to, size_t size, uint64_t position) {
  IoCursor cursor = IoCursor::kernel(to, size);
  if (KBPF_TRY(read(cursor, position)) != size)
    return Errno::enoexec;
  return {};
}

void FileDataSink::append(std::string_view text) {
  while (!text.empty() && !failed_) {
    size_t count = std::min(text.size(), sizeof(buffer_) - used_);
    memcpy(buffer_ + used_, text.data(), count);
    used_ += count;
    text.remove_prefix(count);
    if (used_ == sizeof(buffer_))
      flush();
  }
}

void FileDataSink::flush() {
  IoCursor cursor = IoCursor::kernel(buffer_, used_);
  auto written = data_.write(cursor, position_);
  failed_ = failed_ || !written.ok() || *written != used_;
  position_ += used_;
  used_ = 0;
}

} // namespace refkernel
