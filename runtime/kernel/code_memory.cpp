// SPDX-License-Identifier: MIT OR Apache-2.0
// Packs stand in a list, each with a bit for every granule. A lock guards list and bits; pages come and go
// outside of it. The first pack that has the room is taken, so that old ones fill up and new ones can end.
#include "kernel/code_memory.h"
#include "kernel/spinlock.h"
#include <cstring>

namespace kbpf {
namespace {

constexpr size_t kPackBytes = CodeMemory::kPackPages * kPageSize;
constexpr size_t kGranules = kPackBytes / CodeMemory::kGranule;
constexpr size_t kBits = 64;

} // namespace

struct CodePack {
  Pages pages;
  uint64_t used[kGranules / kBits] = {};
  size_t free_granules = kGranules;
  CodePack *next = nullptr;

  bool is_used(size_t granule) const { return used[granule / kBits] >> granule % kBits & 1; }
  void mark(size_t first, size_t count, bool taken) {
    for (size_t i = first; i < first + count; i++)
      used[i / kBits] = (used[i / kBits] & ~(uint64_t{1} << i % kBits)) | uint64_t{taken} << i % kBits;
    free_granules = taken ? free_granules - count : free_granules + count;
  }
  // The first of count free granules in a row; kGranules: there are none.
  size_t find(size_t count) const {
    if (free_granules < count)
      return kGranules;
    for (size_t at = 0, run = 0; at < kGranules; at++) {
      run = is_used(at) ? 0 : run + 1;
      if (run == count)
        return at + 1 - count;
    }
    return kGranules;
  }
};

namespace {

constinit SpinLock packs_lock;
constinit CodePack *packs = nullptr;

// Null: there is none. Lock held.
CodePack *take_room(size_t count, size_t &first) {
  for (CodePack *pack = packs; pack; pack = pack->next) {
    first = pack->find(count);
    if (first < kGranules) {
      pack->mark(first, count, true);
      return pack;
    }
  }
  return nullptr;
}

Result<CodePack *> make_pack() {
  CodePack *pack = allocate_object<CodePack>();
  if (!pack)
    return Error::no_memory;
  Result<Pages> pages = Pages::create(CodeMemory::kPackPages);
  if (pages.ok()) {
    pack->pages = std::move(*pages);
    memset(pack->pages.data(), 0, kPackBytes);
  }
  if (!pages.ok() || !pack->pages.protect(KBPF_PROT_READ_EXEC)) {
    free_object(pack);
    return Error::no_memory;
  }
  return pack;
}

// Overwrites what will be free with zeros, by the way that code takes in. Where that fails old code stays,
// which nobody reaches.
void wipe(std::byte *to, size_t bytes) {
  static constexpr std::byte kZeros[256] = {};
  for (size_t at = 0; at < bytes; at += sizeof kZeros)
    if (kbpf_port_code_write(to + at, kZeros, bytes - at < sizeof kZeros ? bytes - at : sizeof kZeros) != 0)
      return;
}

} // namespace

Result<CodeMemory> CodeMemory::create(size_t bytes, Arena &scratch) {
  CodeMemory memory;
  if (bytes > kLargestShared) {
    memory.own_ = KBPF_TRY(Pages::create(pages_for(bytes)));
    memory.data_ = memory.own_.data();
    memory.taken_ = memory.own_.size();
    memory.draft_ = {memory.data_, bytes};
    return memory;
  }
  const size_t count = (bytes + kGranule - 1) / kGranule;
  std::span<uint64_t> draft = scratch.make_array<uint64_t>(count * kGranule / sizeof(uint64_t));
  if (!draft.data())
    return Error::no_memory;
  size_t first = 0;
  {
    SpinGuard guard(packs_lock);
    memory.pack_ = take_room(count, first);
  }
  if (!memory.pack_) {
    CodePack *made = KBPF_TRY(make_pack());
    made->mark(0, count, true);
    memory.pack_ = made;
    first = 0;
    SpinGuard guard(packs_lock);
    made->next = packs;
    packs = made;
  }
  memory.data_ = memory.pack_->pages.data() + first * kGranule;
  memory.taken_ = count * kGranule;
  memory.draft_ = std::as_writable_bytes(draft).first(bytes);
  return memory;
}

Result<void> CodeMemory::publish() {
  if (!pack_) {
    if (!own_.protect(KBPF_PROT_READ_EXEC))
      return Error::no_memory;
  } else if (kbpf_port_code_write(data_, draft_.data(), draft_.size()) != 0) {
    return Error::no_memory;
  }
  draft_ = {};
  kbpf_port_sync_icache();
  return {};
}

CodeMemory::~CodeMemory() {
  if (!pack_)
    return;
  wipe(data_, taken_);
  CodePack *unused = nullptr;
  {
    SpinGuard guard(packs_lock);
    pack_->mark(static_cast<size_t>(data_ - pack_->pages.data()) / kGranule, taken_ / kGranule, false);
    if (pack_->free_granules == kGranules) {
      CodePack **link = &packs;
      while (*link != pack_)
        link = &(*link)->next;
      *link = pack_->next;
      unused = pack_;
    }
  }
  if (unused)
    free_object(unused);
}

size_t code_pack_count() {
  SpinGuard guard(packs_lock);
  size_t count = 0;
  for (CodePack *pack = packs; pack; pack = pack->next)
    count++;
  return count;
}

} // namespace kbpf
