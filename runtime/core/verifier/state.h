// SPDX-License-Identifier: MIT OR Apache-2.0
// The verifier's knowledge at one point of one path: registers and stack of every active frame. States live
// in a pool over the scratch arena; a frame only holds the stack slots that were touched. What is kept for
// later is packed (snapshot.h).
#pragma once
#include "core/base/arena.h"
#include "core/base/copy.h"
#include "core/base/result.h"
#include "core/verifier/program.h"
#include "core/verifier/scalar.h"

namespace kbpf {

enum class Kind : uint8_t {
  uninitialised,
  scalar,            // number
  context,           // number: offset from the context's start
  stack,             // number: offset from the top of `frame`'s stack (r10), so negative
  map_value,         // number: offset from the start of a value of `map`
  map_value_or_null, // not yet compared with null; `id` joins the copies
  map,               // what a helper takes as a MAP argument
  map_or_null,       // the same, looked up in a map of maps, not yet compared with null
  map_key,           // number: offset from the start of a key of `map`, which may only be read
  function,          // of the program, by its index in Cfg::subprograms; helpers call it
  dynptr_argument,   // of a function: a pointer to a dynptr that it was given, which helpers may use
  dynptr,
  iterator,           // in slots of the stack only: an object of the kernel (stack_object.h)
  object,             // of the kernel, which only helpers look into: a socket, a task
  object_or_null,     // the same, not yet compared with null
  btf_object,         // number: offset from the start of an object of the kernel that is a `type_id`
  btf_object_or_null, // the same, not yet compared with null
  allocated,          // number: offset from the start of an object that a program has allocated, a `type_id`
  allocated_or_null,  // the same, not yet compared with null
  memory,             // number: offset from the start of `size` bytes that a helper gave
  memory_or_null,     // the same, not yet compared with null
  fd_slot,            // zcore: number: offset from the u32 that holds the fd of `map`
  packet,             // number + delta bytes after the start of the packet
  packet_meta,        // the same, after the start of the room before the packet
  packet_end,         // one after the packet's last byte; for comparisons only
};
const char *kind_name(Kind kind);

// Which part of the number that an id stands for a value is: compilers compare a zero-extended copy and then
// use the whole, or the other way round.
struct Part {
  enum class Form : uint8_t {
    whole,
    zero_extended, // its lowest bits
    sign_extended,
    shifted_up, // its lowest bits at the top of the word: on the way to one of the two above
  };
  Form form = Form::whole;
  uint8_t bits = 64;
  bool operator==(const Part &) const = default;
};

// socket_common: a socket of any kind, of which less can be read. xdp_socket: what an xskmap has.
enum class ObjectClass : uint16_t { other, task, xdp_socket, socket, socket_common, tcp_socket };
constexpr bool is_socket(ObjectClass object) { return object >= ObjectClass::socket; }

// Whether a packet pointer was seen to be at the packet's end or behind it: each says what the one before
// does.
enum class PastEnd : uint16_t { unknown, at_least, behind };

// What a register or a spilled slot holds.
struct Value {
  Kind kind = Kind::uninitialised;
  uint8_t frame = 0;
  union {
    uint16_t map = 0;
    uint16_t function;
    ObjectClass object_class;
    uint16_t trust;       // of a btf_object, an allocated one: object_types.h
    uint16_t slice;       // memory: of a dynptr (dynptrs.cpp); kSlice and its like
    uint16_t object_type; // of an iterator: stack_object.h
    PastEnd past_end;     // of a packet pointer
  };
  // In `slice`: a slice, one of a packet, which ends where helpers may move that.
  static constexpr uint16_t kSlice = 1, kMovingSlice = 3;
  // Values of one id other than 0 are copies of each other, or parts of one number: what is learnt of one is
  // true for all (link.h).
  uint32_t id = 0;
  Part part;
  // Packet pointers: from `number` on, so many bytes exist. All of one id have the same `number`; 0: it is 0.
  // Memory that may be a part of the stack (dynptrs.cpp): it begins so many bytes below the top of `frame`.
  uint16_t range = 0;
  union {
    int32_t delta = 0; // packet: above; a number with an id: that much more than what the id stands for
    uint32_t size;     // of memory
    uint32_t
        type_id; // of a btf_object: of a structure in RawProgram::kernel_btf; of an allocated one: in btf
  };
  uint32_t owner = 0;        // memory: the reference (held.h) that it lives as long as; 0: it stays
  bool moved_down = false;   // an address: the unknown number that it was moved by may be negative
  bool is_read_only = false; // memory
  bool is_inner = false;     // map, map value: of a map that was looked up in `map`
  bool is_relied_on = false; // a number in a checkpoint: its size has mattered behind it (precision.h)
  // A number: those of the last checkpoint that it comes from, as bits in precision.h's order.
  uint64_t sources = 0;
  Scalar number;

  // A walk copies values all the time, and a call of memcpy costs more.
  Value() = default;
  Value(const Value &other) { copy_inline(*this, other); }
  Value &operator=(const Value &other) {
    copy_inline(*this, other);
    return *this;
  }

  static Value scalar(const Scalar &number) {
    Value value;
    value.kind = Kind::scalar;
    value.number = number;
    return value;
  }
  static Value constant(uint64_t word) { return scalar(Scalar::constant(word)); }
  static Value unknown() { return scalar(Scalar::unknown()); }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_null() const { return is_scalar() && number.is_constant(0); }
  bool is_pointer() const { return kind != Kind::uninitialised && kind != Kind::scalar; }
  bool may_be_null() const {
    return kind == Kind::map_value_or_null || kind == Kind::map_or_null || kind == Kind::memory_or_null ||
           kind == Kind::object_or_null || kind == Kind::btf_object_or_null ||
           kind == Kind::allocated_or_null;
  }
  bool is_in_packet() const { return kind == Kind::packet || kind == Kind::packet_meta; }
};

// What loads of a size (KBPF_SIZE_*) give where nothing is known of it.
class LoadedNumbers {
public:
  constexpr LoadedNumbers() {
    set(KBPF_SIZE_B, UINT8_MAX);
    set(KBPF_SIZE_H, UINT16_MAX);
    set(KBPF_SIZE_W, UINT32_MAX);
    of_[KBPF_SIZE_DW >> 3].kind = Kind::scalar;
  }
  constexpr const Value &of(uint8_t size) const { return of_[size >> 3]; }

private:
  constexpr void set(uint8_t size, uint32_t most) {
    Value &value = of_[size >> 3];
    value.kind = Kind::scalar;
    value.number.bits = {0, most};
    value.number.r64 = {0, most, 0, most};
    if (most <= INT32_MAX)
      value.number.r32 = {0, most, 0, static_cast<int32_t>(most)};
  }
  Value of_[4];
};
inline constexpr LoadedNumbers kLoadedNumbers;

enum class ByteKind : uint8_t {
  uninitialised,
  misc, // some number
  zero,
  spill,  // part of the register in StackSlot::spilled
  object, // part of what StackSlot::spilled describes: neither read nor written by the program
};

struct StackSlot { // 8 bytes of stack
  ByteKind bytes[8] = {};
  // Where bytes are of kind spill: the register, stored at the slot's lowest address. A scalar may have been
  // stored in fewer than 8 bytes; `spilled` is then what a zero-extending load of them gives.
  Value spilled;

  uint64_t kinds() const { // of its bytes, the lowest first
    uint64_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
  }
  bool is_whole(ByteKind kind) const { return kinds() == 0x0101010101010101 * static_cast<uint64_t>(kind); }
  void fill(ByteKind kind) {
    const uint64_t word = 0x0101010101010101 * static_cast<uint64_t>(kind);
    __builtin_memcpy(bytes, &word, sizeof word);
  }
  // Whether no byte among those that `mask` has ones for is uninitialised.
  bool is_written(uint64_t mask = ~uint64_t{0}) const {
    constexpr uint64_t kEach = 0x0101010101010101;
    const uint64_t word = kinds() | ~mask;
    return ((word - kEach) & ~word & (kEach << 7)) == 0; // no byte is 0
  }
};

struct Frame {
  uint32_t first_insn; // of the function
  uint32_t return_to;  // where the caller goes on; 0 in the entry function
  bool is_callback;    // called by the helper that return_to calls, which goes on calling or returns
  uint32_t rounds;     // of the callback in the helper call that the frame is in
  uint64_t written;    // bit n: slot n was wholly written since the last checkpoint
  uint32_t slot_count; // slots[0] is at r10 - 8, slots[1] below it, ...; those from here on are unset
  uint32_t capacity;
  StackSlot *slots;
  Frame *next; // in a list of free frames
  // The last constant that was stored to the upper half of a slot, for which that has no room: keys of arrays
  // are such. Known from the store to the next call, and to where paths join or part, so that states need
  // not agree in it. 0: there is none.
  int16_t last_constant_at;
  Value last_constant;
  Value regs[KBPF_REG_COUNT];

  void forget_last_constant() { last_constant_at = 0; }
};

constexpr uint32_t kMaxSlots = KBPF_STACK_SIZE / 8;

struct Held;     // held.h
struct Snapshot; // snapshot.h

struct State {
  uint32_t insn;
  uint32_t frame_count;
  Frame *frames[KBPF_MAX_CALL_FRAMES];
  Snapshot *parent;     // the checkpoint that this path last passed
  State *next;          // in a list of free states
  Held *held;           // what the path has to give back, loops that it is in; null: nothing
  uint32_t path_length; // instructions walked from the entry to here
  bool hides_addresses; // RawProgram::hides_addresses
  // Checkpoints that one demand of this walk was handed back through, at most (precision.h).
  mutable uint32_t longest_demand = 0;

  Frame &frame() { return *frames[frame_count - 1]; }
  const Frame &frame() const { return *frames[frame_count - 1]; }
  Value &reg(unsigned number) { return frame().regs[number]; }
  const Value &reg(unsigned number) const { return frame().regs[number]; }
};

// Calls visit(Value &) for every register and every spilled register of a state.
template <typename AnyState, typename Visitor> void for_each_value(AnyState &state, Visitor visit) {
  for (uint32_t f = 0; f < state.frame_count; f++) {
    auto &frame = *state.frames[f];
    for (auto &value : frame.regs)
      visit(value);
    for (uint32_t s = 0; s < frame.slot_count; s++)
      if (frame.slots[s].bytes[0] >= ByteKind::spill)
        visit(frame.slots[s].spilled);
  }
}

// Addresses for which `which` says so are none any more, as what they pointed to is gone: they are numbers,
// and nothing that can be read where the program must not learn addresses.
template <typename Which> void forget_addresses(State &state, Which which) {
  for (uint32_t f = 0; f < state.frame_count; f++) {
    Frame &frame = *state.frames[f];
    for (Value &value : frame.regs)
      if (value.is_pointer() && which(value))
        value = state.hides_addresses ? Value() : Value::unknown();
    for (uint32_t s = 0; s < frame.slot_count; s++) {
      StackSlot &slot = frame.slots[s];
      if (slot.bytes[0] != ByteKind::spill || !slot.spilled.is_pointer() || !which(slot.spilled))
        continue;
      slot.spilled = state.hides_addresses ? Value() : Value::unknown();
    }
  }
}

// Where a byte of the stack is. offset: from r10, -512 to -1.
constexpr uint32_t slot_of(int64_t offset) { return static_cast<uint32_t>((-offset - 1) / 8); }
constexpr uint32_t byte_of(int64_t offset) { return static_cast<uint32_t>(7 - (-offset - 1) % 8); }

// Turns what was spilled into plain bytes: numbers of unknown value.
void forget_spill(StackSlot &slot);
// How many bytes of a slot, from its lowest, belong to the spilled register.
unsigned spilled_bytes(const StackSlot &slot);
ByteKind byte_at(const Frame &frame, int64_t offset);

// Allocates states and frames from an arena and uses again what is released. Null: the arena is exhausted.
class StatePool {
public:
  explicit StatePool(Arena &arena, bool hides_addresses = false)
      : arena_(arena), hides_addresses_(hides_addresses) {}
  State *make_state();
  State *copy(const State &state); // its links (parent, next, counts) start empty, its path is shared
  void release(State *state);
  Frame *push_frame(State &state, uint32_t first_insn, uint32_t return_to);
  void pop_frame(State &state);
  // state.held, made where there is none. Null: no memory.
  Held *hold(State &state);
  // Makes the frame hold at least `count` slots; the new ones are uninitialised. False: no memory.
  [[nodiscard]] bool reserve_slots(Frame &frame, uint32_t count);

private:
  State *take_state(); // as it was left
  Frame *take_frame(); // as it was left
  Frame *make_frame();
  [[nodiscard]] bool copy_frame(const Frame &from, Frame &to);
  void release_frame(Frame *frame);
  StackSlot *make_slots(uint32_t capacity);
  void release_slots(StackSlot *slots, uint32_t capacity);

  Arena &arena_;
  const bool hides_addresses_; // of the program that the states are of
  State *free_states_ = nullptr;
  struct FreeBlock {
    FreeBlock *next;
  };
  Frame *free_frames_ = nullptr;
  FreeBlock *free_held_ = nullptr;
  FreeBlock *free_slots_[8] = {}; // by log2 of the capacity
};

} // namespace kbpf
