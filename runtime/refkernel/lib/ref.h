// SPDX-License-Identifier: MIT OR Apache-2.0
// Intrusive reference counting for kernel objects. The count starts at one, owned by whoever made the object.
#pragma once
#include "refkernel/lib/alloc.h"
#include <atomic>
#include <cstdint>

namespace refkernel {

class RefCounted {
public:
  void acquire() { references_.fetch_add(1, std::memory_order_relaxed); }
  bool is_shared() const { return references_.load(std::memory_order_acquire) != 1; }
  bool drop() { return references_.fetch_sub(1, std::memory_order_acq_rel) == 1; } // true: that was the last

private:
  std::atomic<uint32_t> references_{1};
};

// Owns one reference; the last one to go calls destroy() of lib/alloc.h.
template <typename T> class Ref {
public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  static Ref adopt(T *object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  static Ref share(T *object) {
    if (object)
      object->acquire();
    return adopt(object);
  }
  Ref(const Ref &other) : object_(other.object_) {
    if (object_)
      object_->acquire();
  }
  Ref(Ref &&other) noexcept : object_(other.object_) { other.object_ = nullptr; }
  Ref &operator=(Ref other) noexcept {
    T *mine = object_;
    object_ = other.object_;
    other.object_ = mine;
    return *this;
  }
  ~Ref() {
    if (object_ && object_->drop())
      destroy(object_);
  }
  T *release() {
    T *object = object_;
    object_ = nullptr;
    return object;
  }
  T *get() const { return object_; }
  T *operator->() const { return object_; }
  T &operator*() const { return *object_; }
  explicit operator bool() const { return object_; }

private:
  T *object_ = nullptr;
};

} // namespace refkernel
