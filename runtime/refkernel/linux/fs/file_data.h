// SPDX-License-Identifier: MIT OR Apache-2.0
// The bytes of a file: pages in a radix tree by page index, holes where nothing was written. Mappings share
// the pages. Its lock is never held while user memory is copied, since a fault there may ask this very object
// for a page.
#pragma once
#include "core/base/text.h"
#include "refkernel/linux/errno.h"
#include "refkernel/linux/user_ptr.h"
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/pages.h"
#include "refkernel/sched/sync.h"

namespace refkernel {

constexpr uint64_t kMaxFileSize = uint64_t{1} << 38; // three radix levels of 512 pages

class FileData final : public PageSource {
public:
  static SysResult<Ref<FileData>> create();
  ~FileData();

  uint64_t size() const { return size_.load(std::memory_order_acquire); }
  uint64_t page_count() const { return page_count_.load(std::memory_order_relaxed); }
  // Bytes moved; less than asked at the end of the file, or where a part of the user memory is not
  // accessible.
  SysResult<size_t> read(IoCursor &to, uint64_t position);
  SysResult<size_t> write(IoCursor &from, uint64_t position); // grows the file; errors: efbig, enospc, efault
  SysResult<uint64_t> append(IoCursor &from,
                             size_t &written); // the end before it; one append is not torn by another
  SysResult<void> resize(uint64_t size);
  SysResult<void> clear(uint64_t from, uint64_t to); // those bytes are zero then
  // memfd_create(2)'s seals: what is forbidden from now on. Mappings that are writable stay so. Error: eperm, sealed for
  // good.
  enum : uint32_t { kSealSeal = 1, kSealShrink = 2, kSealGrow = 4, kSealWrite = 8, kSealFutureWrite = 16 };
  SysResult<void> add_seals(uint32_t seals);
  uint32_t seals() const { return seals_.load(std::memory_order_acquire); }
  void allow_sealing() { seals_ = 0; }
  SysResult<void> read_exact(void *to, size_t size, uint64_t position); // enoexec where the file is too short

  kbpf::Result<Page *> page(uint64_t index) override; // PageSource
  void dispose() override;

private:
  struct Node;
  Page **slot(uint64_t index, bool make); // null: not there, or no memory
  SysResult<Page *> shared_page(uint64_t index,
                                bool make); // with a reference; null for a hole that is not made
  void grow(uint64_t size);
  void free_from(Node *node, unsigned level, uint64_t base, uint64_t first_index);

  Mutex lock_;        // the tree
  Mutex append_lock_; // one append at a time
  Node *root_ = nullptr;
  std::atomic<uint64_t> size_{0}, page_count_{0};
  std::atomic<uint32_t> seals_{kSealSeal}; // files that no one may seal
};

// Text that becomes a file's contents.
class FileDataSink final : public kbpf::TextSink {
public:
  explicit FileDataSink(FileData &data) : data_(data) {}
  void append(std::string_view text) override;
  void flush();
  bool failed() const { return failed_; }

private:
  FileData &data_;
  char buffer_[256];
  size_t used_ = 0;
  uint64_t position_ = 0;
  bool failed_ = false;
};

} // namespace refkernel
