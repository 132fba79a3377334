// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects of the kernel that live on a program's stack: dynptrs and iterators. Helpers make, use and end
// them; the program itself touches none of their bytes.
#pragma once
#include "core/profile/profile.h"
#include "core/verifier/state.h"
#include <optional>

namespace kbpf {

enum class StackObjectKind : uint8_t {
  local_dynptr,   // to memory of a map's value
  ringbuf_dynptr, // to a record, which has to be given back
  skb_dynptr,     // to a packet
  xdp_dynptr,
  iterator, // which has to be ended
  drained_iterator,
};
constexpr bool is_dynptr(StackObjectKind kind) { return kind < StackObjectKind::iterator; }

// What an iterator is over, by its structure in Linux.
struct IteratorType {
  std::string_view name;
  uint32_t size; // bytes
};
inline constexpr IteratorType kIteratorTypes[] = {{"bpf_iter_num", 8},      {"bpf_iter_bits", 16},
                                                  {"bpf_iter_task", 24},    {"bpf_iter_css", 24},
                                                  {"bpf_iter_css_task", 8}, {"bpf_iter_task_vma", 8}};
// Index of that of a function that takes one.
constexpr uint16_t iterator_type(const HelperProto &proto) {
  for (uint16_t i = 1; i < std::size(kIteratorTypes); i++)
    if (kIteratorTypes[i].name == proto.structures[0])
      return i;
  return 0;
}

struct StackObject {
  // Bits of `type` beside the index: RCU protects the elements; it did, and does no more.
  static constexpr uint16_t kRcu = 0x100, kStale = 0x200;

  StackObjectKind kind;
  uint32_t id;    // what points into it has this owner; clones of a dynptr to a record have the same
  int64_t offset; // of its lowest byte
  uint32_t frame;
  uint16_t type = 0; // of an iterator

  bool has_to_be_released() const { return !is_dynptr() || kind == StackObjectKind::ringbuf_dynptr; }
  bool is_dynptr() const { return kbpf::is_dynptr(kind); }
  bool is_to_packet() const {
    return kind == StackObjectKind::skb_dynptr || kind == StackObjectKind::xdp_dynptr;
  }
  uint32_t size() const;
};
constexpr uint32_t kDynptrSize = 16; // bytes
inline uint32_t StackObject::size() const {
  return is_dynptr() ? kDynptrSize : kIteratorTypes[type & 0xff].size;
}

// The object that holds the byte.
std::optional<StackObject> object_at(const State &state, uint32_t frame, int64_t offset);
// The object that begins where the pointer points; none for any other pointer.
std::optional<StackObject> object_at(const State &state, const Value &pointer);

// Whether an object has a byte in [first, end).
bool has_object(const Frame &frame, int64_t first, int64_t end);

// Its slots exist, and hold no other object.
void put_object(State &state, const StackObject &object);
// What is there are mere bytes from now on, and what pointed into it, numbers; so it is with clones of a
// dynptr to a record.
void remove_object(State &state, const StackObject &object);
// The same for all objects that have a byte in [first, end).
void remove_objects(State &state, uint32_t frame, int64_t first, int64_t end);

} // namespace kbpf
