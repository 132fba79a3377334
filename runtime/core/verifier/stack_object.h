// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects of the kernel that live on a program's stack: dynptrs (two slots) and iterators (one). Helpers
// make, use and end them; the program itself touches none of their bytes.
#pragma once
#include "core/verifier/state.h"
#include <optional>

namespace kbpf {

enum class StackObjectKind : uint8_t {
  local_dynptr,   // to memory of a map's value
  ringbuf_dynptr, // to a record, which has to be given back
  iterator,       // over numbers, which has to be ended
  drained_iterator,
};

struct StackObject {
  StackObjectKind kind;
  uint32_t id;    // what points into it has this owner
  int64_t offset; // of its lowest byte
  uint32_t frame;

  bool has_to_be_released() const { return kind != StackObjectKind::local_dynptr; }
  bool is_dynptr() const {
    return kind == StackObjectKind::local_dynptr || kind == StackObjectKind::ringbuf_dynptr;
  }
};
constexpr uint32_t kDynptrSize = 16, kIteratorSize = 8; // bytes

// The object that holds the byte.
std::optional<StackObject> object_at(const State &state, uint32_t frame, int64_t offset);
// The object that begins where the pointer points; none for any other pointer.
std::optional<StackObject> object_at(const State &state, const Value &pointer);

// Whether an object has a byte in [first, end).
bool has_object(const Frame &frame, int64_t first, int64_t end);

// Its slots exist, and hold no other object.
void put_object(State &state, const StackObject &object);
// What is there are mere bytes from now on, and what pointed into it, numbers.
void remove_object(State &state, const StackObject &object);
// The same for all objects that have a byte in [first, end).
void remove_objects(State &state, uint32_t frame, int64_t first, int64_t end);

} // namespace kbpf
