// SPDX-License-Identifier: MIT OR Apache-2.0
// Kernel memory from the port, with owners: nothing here is called from a probe.
#pragma once
#include "core/base/arena.h"
#include "core/base/result.h"
#include "kernel/port.h"
#include <cstddef>
#include <new>
#include <span>
#include <utility>

namespace kbpf {

constexpr size_t kPageSize = 4096;
constexpr size_t pages_for(size_t bytes) { return (bytes + kPageSize - 1) / kPageSize; }
constexpr uint64_t round_up_8(uint64_t value) { return (value + 7) & ~uint64_t{7}; }

// A block of memory whose owner gives it back.
class Buffer {
public:
  Buffer() = default;
  Buffer(Buffer &&other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
    other.size_ = 0;
  }
  Buffer &operator=(Buffer &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() {
    if (data_)
      kbpf_port_free(data_, size_, kAlign);
  }

  // Uninitialised, 64-byte aligned. Error: no_memory.
  static Result<Buffer> create(size_t size) {
    Buffer buffer;
    buffer.size_ = size ? size : 1;
    buffer.data_ = static_cast<std::byte *>(kbpf_port_alloc(buffer.size_, kAlign));
    if (!buffer.data_)
      return Error::no_memory;
    return buffer;
  }

  std::byte *data() const { return data_; }
  size_t size() const { return size_; }
  std::span<std::byte> span() const { return {data_, size_}; }

private:
  static constexpr size_t kAlign = 64;
  std::byte *data_ = nullptr;
  size_t size_ = 0;
};

// Room for the keys and values of one system call: small ones on the stack, others from the heap.
class ScratchBuffer {
public:
  ScratchBuffer() = default;
  ScratchBuffer(const ScratchBuffer &) = delete;
  ScratchBuffer &operator=(const ScratchBuffer &) = delete;

  Result<void> reserve(size_t size) {
    data_ = inline_;
    if (size <= sizeof(inline_))
      return {};
    heap_ = KBPF_TRY(Buffer::create(size));
    data_ = heap_.data();
    return {};
  }
  void *data() { return data_; }

private:
  alignas(8) std::byte inline_[128];
  Buffer heap_;
  std::byte *data_ = inline_;
};

// Whole pages: for executable code, and for what a user process may map.
class Pages {
public:
  Pages() = default;
  Pages(Pages &&other) noexcept
      : first_(std::exchange(other.first_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  Pages &operator=(Pages &&other) noexcept {
    std::swap(first_, other.first_);
    std::swap(count_, other.count_);
    return *this;
  }
  Pages(const Pages &) = delete;
  Pages &operator=(const Pages &) = delete;
  ~Pages() {
    if (!first_)
      return;
    // The allocator's next owner expects what pages_alloc promises.
    kbpf_port_pages_protect(first_, count_, KBPF_PROT_READ_WRITE);
    kbpf_port_pages_free(first_, count_);
  }

  static Result<Pages> create(size_t count) {
    Pages pages;
    pages.first_ = static_cast<std::byte *>(kbpf_port_pages_alloc(count));
    pages.count_ = count;
    if (!pages.first_)
      return Error::no_memory;
    return pages;
  }
  bool protect(kbpf_protection protection) const {
    return kbpf_port_pages_protect(first_, count_, protection) == 0;
  }

  std::byte *data() const { return first_; }
  size_t size() const { return count_ * kPageSize; }

private:
  std::byte *first_ = nullptr;
  size_t count_ = 0;
};

// Pages for a ring: head pages, then data pages, which follow once more behind themselves.
class RingPages {
public:
  RingPages() = default;
  RingPages(RingPages &&other) noexcept
      : first_(std::exchange(other.first_, nullptr)), head_(other.head_), data_(other.data_) {}
  RingPages &operator=(RingPages &&other) noexcept {
    std::swap(first_, other.first_);
    std::swap(head_, other.head_);
    std::swap(data_, other.data_);
    return *this;
  }
  RingPages(const RingPages &) = delete;
  RingPages &operator=(const RingPages &) = delete;
  ~RingPages() {
    if (first_)
      kbpf_port_ring_free(first_, head_, data_);
  }

  // Zeroed. Error: no_memory.
  static Result<RingPages> create(size_t head, size_t data) {
    RingPages pages;
    pages.first_ = static_cast<std::byte *>(kbpf_port_ring_alloc(head, data));
    pages.head_ = head;
    pages.data_ = data;
    if (!pages.first_)
      return Error::no_memory;
    return pages;
  }
  std::byte *page(size_t index) const { return first_ + index * kPageSize; }
  std::byte *data() const { return page(head_); }
  size_t data_size() const { return data_ * kPageSize; }
  size_t page_count() const { return head_ + 2 * data_; } // the second view included
  explicit operator bool() const { return first_; }

private:
  std::byte *first_ = nullptr;
  size_t head_ = 0, data_ = 0;
};

// Blocks of an Arena come from the port.
BlockSource port_block_source();

// An object of T, or null where there is no memory; free_object is its end.
template <typename T, typename... Args> [[nodiscard]] T *allocate_object(Args &&...args) {
  void *memory = kbpf_port_alloc(sizeof(T), alignof(T));
  return memory ? new (memory) T(std::forward<Args>(args)...) : nullptr;
}
template <typename T> void free_object(T *object) {
  object->~T();
  kbpf_port_free(object, sizeof(T), alignof(T));
}

} // namespace kbpf
