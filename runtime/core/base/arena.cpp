// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/base/arena.h"

namespace kbpf {

namespace {
constexpr size_t kFirstBlock = 16 * 1024;
constexpr size_t kLargestBlock = 1024 * 1024;
} // namespace

Arena::~Arena() { release({nullptr, 0}); }

void *Arena::allocate_block(size_t size, size_t align) {
  // Blocks double so that their number stays logarithmic, and stop growing so that little is left over.
  size_t overhead = sizeof(Block) + align;
  if (size > SIZE_MAX / 2 - overhead)
    return nullptr;
  size_t block_size = current_ ? current_->size * 2 : kFirstBlock;
  if (block_size > kLargestBlock)
    block_size = kLargestBlock;
  if (block_size < size + overhead)
    block_size = align_up(size + overhead, 4096);
  if (block_size > budget_ - reserved_) {
    block_size = size + overhead;
    if (block_size > budget_ - reserved_)
      return nullptr;
  }
  void *memory = source_.allocate(source_.user, block_size);
  if (!memory)
    return nullptr;
  current_ = new (memory) Block{current_, block_size, sizeof(Block)};
  reserved_ += block_size;
  if (reserved_ > peak_)
    peak_ = reserved_;
  return allocate(size, align);
}

Arena::Mark Arena::mark() const { return {current_, current_ ? current_->used : 0}; }

void Arena::release(const Mark &mark) {
  while (current_ != mark.block) {
    Block *block = current_;
    current_ = block->previous;
    reserved_ -= block->size;
    source_.release(source_.user, block, block->size);
  }
  if (current_)
    current_->used = mark.used;
}

} // namespace kbpf
