// SPDX-License-Identifier: MIT OR Apache-2.0
// The only memory that core code uses: a bump allocator over blocks that its caller pays for, with a budget.
// Objects in an arena are not destroyed one by one, so only trivially destructible types may live there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace kbpf {

// Where blocks come from. allocate returns null when there is no memory.
struct BlockSource {
  void *(*allocate)(void *user, size_t size);
  void (*release)(void *user, void *block, size_t size);
  void *user;
};

class Arena {
public:
  // budget: bytes that all blocks together may take.
  Arena(const BlockSource &source, size_t budget) : source_(source), budget_(budget) {}
  ~Arena();
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;

  // Uninitialised memory, or null where the budget or the source is exhausted.
  [[nodiscard]] void *allocate(size_t size, size_t align) {
    if (current_) [[likely]] {
      const uintptr_t base = reinterpret_cast<uintptr_t>(current_);
      const size_t start = align_up(base + current_->used, align) - base;
      if (start <= current_->size && size <= current_->size - start) [[likely]] {
        current_->used = start + size;
        return reinterpret_cast<char *>(current_) + start;
      }
    }
    return allocate_block(size, align);
  }

  template <typename T, typename... Args> [[nodiscard]] T *make(Args &&...args) {
    static_assert(std::is_trivially_destructible_v<T>);
    void *memory = allocate(sizeof(T), alignof(T));
    return memory ? new (memory) T{std::forward<Args>(args)...} : nullptr;
  }

  // count value-initialised elements; data() is null where there is no memory. A count of 0 gives a non-null
  // span.
  template <typename T> [[nodiscard]] std::span<T> make_array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > SIZE_MAX / sizeof(T))
      return {};
    T *first = static_cast<T *>(allocate(count ? count * sizeof(T) : 1, alignof(T)));
    if (!first)
      return {};
    if constexpr (std::is_trivially_default_constructible_v<T>)
      __builtin_memset(first, 0, count * sizeof(T)); // what value-initialisation makes of such
    else
      for (size_t i = 0; i < count; i++)
        new (first + i) T();
    return {first, count};
  }

  // count elements that their user fills in; data() is null where there is no memory.
  template <typename T> [[nodiscard]] std::span<T> make_unset_array(size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    if (count > SIZE_MAX / sizeof(T))
      return {};
    T *first = static_cast<T *>(allocate(count ? count * sizeof(T) : 1, alignof(T)));
    return first ? std::span<T>(first, count) : std::span<T>();
  }

  // Everything allocated after mark() is given back by release(mark), in last-in first-out order.
  struct Mark {
    void *block;
    size_t used;
  };
  Mark mark() const;
  void release(const Mark &mark);

  size_t reserved() const { return reserved_; } // bytes of all blocks now
  size_t peak() const { return peak_; }         // the most that reserved() has been

private:
  struct Block {
    Block *previous;
    size_t size; // header included
    size_t used; // header included
  };
  static constexpr size_t align_up(size_t value, size_t align) { return (value + align - 1) & ~(align - 1); }
  void *allocate_block(size_t size, size_t align); // the first of a new block

  BlockSource source_;
  Block *current_ = nullptr;
  size_t budget_;
  size_t reserved_ = 0;
  size_t peak_ = 0;
};

} // namespace kbpf
