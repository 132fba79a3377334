// SPDX-License-Identifier: MIT OR Apache-2.0
// The longest-prefix-match trie. A key is a u32 length in bits and the bits, most significant bit of the
// first byte first. Each node stands for a prefix; its children go on with a 0 and with a 1. Where two
// prefixes part at a bit that is the end of none, a branch node without a value joins them.
//
// Readers walk down without a lock; a linked node never changes but in its children and in turning into a
// branch. Changes take the one lock. Nodes are allocated when the map is made. One that was taken out is
// used again only when every reader that may stand on it is gone (ReaderStamp), and a program that replaces
// more prefixes in one run than there are spare nodes gets no_memory.
#include "kernel/epoch.h"
#include "kernel/maps/map_type.h"
#include "kernel/maps/words.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"
#include <algorithm>

namespace kbpf::maps {
namespace {

constexpr uint32_t kLengthSize = sizeof(uint32_t);
constexpr uint32_t kSpareNodes = 64; // for replacements while readers keep the old nodes

struct Node {
  std::atomic<Node *> child[2];
  std::atomic<bool> is_branch;
  uint32_t length; // bits of the prefix
  Node *next_unused;
  uint8_t *bits() { return reinterpret_cast<uint8_t *>(this + 1); }
};

struct Prefix {
  uint32_t length;
  const uint8_t *bits;
};

unsigned bit_at(const uint8_t *bits, uint32_t index) { return bits[index / 8] >> (7 - index % 8) & 1; }

class LpmTrie final : public Map {
public:
  explicit LpmTrie(const MapSpec &spec)
      : Map(spec), max_length_((spec.key_size - kLengthSize) * 8),
        value_offset_(round_up_8(spec.key_size - kLengthSize)),
        stride_(sizeof(Node) + value_offset_ + round_up_8(spec.value_size)) {}

  Result<void> allocate() {
    uint64_t count = uint64_t{spec().max_entries} * 2 + kSpareNodes;
    if (stride_ > kMaxMapBytes / count)
      return Error::too_big;
    nodes_ = KBPF_TRY(Buffer::create(stride_ * count));
    for (uint64_t i = 0; i < count; i++) {
      Node *node = new (nodes_.data() + stride_ * i) Node{};
      node->next_unused = std::exchange(free_, node);
    }
    return {};
  }

  void *lookup(const void *key) override {
    Prefix wanted = prefix_of(key);
    if (wanted.length > max_length_)
      return nullptr;
    Node *found = nullptr;
    for (Node *node = root_.load(std::memory_order_acquire); node;
         node = node->child[bit_at(wanted.bits, node->length)].load(std::memory_order_acquire)) {
      uint32_t common = common_length(node, wanted);
      if (common < node->length)
        break;
      if (!node->is_branch.load(std::memory_order_relaxed))
        found = node;
      if (common == max_length_ || common == wanted.length)
        break;
    }
    return found ? value(found) : nullptr;
  }

  Result<void> update(const void *key, const void *new_value, uint64_t flags) override {
    if (flags > KBPF_MAP_UPDATE_EXIST)
      return Error::invalid;
    Prefix prefix = prefix_of(key);
    if (prefix.length > max_length_)
      return Error::invalid;
    SpinGuard guard(lock_);
    reclaim();
    Place place = find_place(prefix);
    Node *old = place.node;
    bool same = old && place.common == old->length && old->length == prefix.length;
    bool exists = same && !old->is_branch.load(std::memory_order_relaxed);
    if (exists && flags == KBPF_MAP_UPDATE_NOEXIST)
      return Error::already_exists;
    if (!exists && flags == KBPF_MAP_UPDATE_EXIST)
      return Error::not_found;
    if (!exists && entry_count_ == spec().max_entries)
      return Error::no_space;
    Node *fresh = make_node(prefix);
    if (!fresh)
      return Error::no_memory;
    store_words(value(fresh), new_value, spec().value_size);
    if (same) {
      for (unsigned side = 0; side < 2; side++)
        set(fresh->child[side], old->child[side].load(std::memory_order_relaxed));
      set(*place.slot, fresh);
      retire(old);
    } else if (!old) {
      set(*place.slot, fresh);
    } else if (place.common == prefix.length) { // the new prefix is a beginning of the old one
      set(fresh->child[bit_at(old->bits(), place.common)], old);
      set(*place.slot, fresh);
    } else {
      Node *branch = make_node({place.common, old->bits()});
      if (!branch) {
        fresh->next_unused = std::exchange(free_, fresh); // nobody has seen it
        return Error::no_memory;
      }
      branch->is_branch.store(true, std::memory_order_relaxed);
      unsigned side = bit_at(prefix.bits, place.common);
      set(branch->child[side], fresh);
      set(branch->child[!side], old);
      set(*place.slot, branch);
    }
    entry_count_ += !exists;
    return {};
  }

  Result<void> remove(const void *key) override {
    Prefix prefix = prefix_of(key);
    if (prefix.length > max_length_)
      return Error::invalid;
    SpinGuard guard(lock_);
    Place place = find_place(prefix);
    Node *node = place.node;
    if (!node || place.common != node->length || node->length != prefix.length ||
        node->is_branch.load(std::memory_order_relaxed))
      return Error::not_found;
    entry_count_--;
    Node *left = node->child[0].load(std::memory_order_relaxed);
    Node *right = node->child[1].load(std::memory_order_relaxed);
    if (left && right) { // it still joins them
      node->is_branch.store(true, std::memory_order_relaxed);
      return {};
    }
    if (!left && !right && place.parent && place.parent->is_branch.load(std::memory_order_relaxed)) {
      // A branch with one child is none: the other child takes its place.
      bool is_right = place.slot == &place.parent->child[1];
      set(*place.parent_slot, place.parent->child[!is_right].load(std::memory_order_relaxed));
      retire(place.parent);
    } else {
      set(*place.slot, left ? left : right);
    }
    retire(node);
    return {};
  }

  // Longer prefixes come before those that they begin with, so that a caller who installs them in this order
  // never widens a match.
  Result<void> next_key(const void *key, void *next) override {
    ReadSection section;
    Node *root = root_.load(std::memory_order_acquire);
    if (!root)
      return Error::not_found;
    Node *following = first_below(root);
    if (key)
      following = successor(root, prefix_of(key), following);
    if (!following)
      return Error::not_found;
    memcpy(next, &following->length, kLengthSize);
    memcpy(static_cast<char *>(next) + kLengthSize, following->bits(), spec().key_size - kLengthSize);
    return {};
  }

  // A system call can wait for the readers that keep nodes from being used again.
  Result<void> write_for_user(const void *key, const void *new_value, uint64_t flags) override {
    Result<void> done = update(key, new_value, flags);
    // Nodes pass through two lists on their way: each needs a look after the wait.
    for (int tries = 0; tries < 2 && !done.ok() && done.error() == Error::no_memory; tries++) {
      wait_for_readers();
      done = update(key, new_value, flags);
    }
    return done;
  }

  uint32_t batch_commands() const override { return kBatchLookup | kBatchUpdate | kBatchDelete; }

private:
  void free_memory() override { free_object(this); }

  // Where a prefix is, or would be linked.
  struct Place {
    std::atomic<Node *> *slot;        // what points to node
    Node *node;                       // the first that is the prefix, or goes another way; may be null
    uint32_t common;                  // bits that node and the prefix begin with
    std::atomic<Node *> *parent_slot; // what points to parent
    Node *parent;                     // whose child slot is; null for the root
  };

  Prefix prefix_of(const void *key) const {
    uint32_t length;
    memcpy(&length, key, kLengthSize);
    return {length, static_cast<const uint8_t *>(key) + kLengthSize};
  }
  Word *value(Node *node) const { return reinterpret_cast<Word *>(node->bits() + value_offset_); }
  static void set(std::atomic<Node *> &slot, Node *node) { slot.store(node, std::memory_order_release); }

  // Bits that both begin with.
  static uint32_t common_length(Node *node, const Prefix &prefix) {
    uint32_t limit = std::min(node->length, prefix.length);
    const uint8_t *bits = node->bits();
    uint32_t common = 0;
    for (uint32_t byte = 0; common < limit; byte++, common += 8)
      if (unsigned different = bits[byte] ^ prefix.bits[byte]; different)
        return std::min(limit, common + static_cast<uint32_t>(__builtin_clz(different)) - 24);
    return limit;
  }

  Place find_place(const Prefix &prefix) {
    Place place{&root_, root_.load(std::memory_order_relaxed), 0, nullptr, nullptr};
    while (place.node) {
      place.common = common_length(place.node, prefix);
      if (place.common != place.node->length || place.node->length == prefix.length)
        break;
      place.parent_slot = place.slot;
      place.parent = place.node;
      place.slot = &place.parent->child[bit_at(prefix.bits, place.common)];
      place.node = place.slot->load(std::memory_order_relaxed);
    }
    return place;
  }

  static Node *first_below(Node *node) {
    for (;;) {
      Node *child = node->child[0].load(std::memory_order_acquire);
      if (!child)
        child = node->child[1].load(std::memory_order_acquire);
      if (!child)
        return node;
      node = child;
    }
  }

  // The node behind the prefix's, null at the end; otherwise where the prefix is not in the trie.
  Node *successor(Node *root, const Prefix &prefix, Node *otherwise) const {
    if (prefix.length > max_length_)
      return otherwise;
    Node *following = nullptr;
    Node *node = root;
    while (node) {
      uint32_t common = common_length(node, prefix);
      if (common != node->length)
        return otherwise;
      if (node->length == prefix.length)
        break;
      unsigned side = bit_at(prefix.bits, node->length);
      Node *right = side == 0 ? node->child[1].load(std::memory_order_acquire) : nullptr;
      if (right)
        following = first_below(right);
      else if (!node->is_branch.load(std::memory_order_relaxed))
        following = node;
      node = node->child[side].load(std::memory_order_acquire);
    }
    return node && !node->is_branch.load(std::memory_order_relaxed) ? following : otherwise;
  }

  // With the lock, as the functions below. Null: none is free.
  Node *make_node(const Prefix &prefix) {
    Node *node = free_;
    if (!node)
      return nullptr;
    free_ = node->next_unused;
    node->child[0].store(nullptr, std::memory_order_relaxed);
    node->child[1].store(nullptr, std::memory_order_relaxed);
    node->is_branch.store(false, std::memory_order_relaxed);
    node->length = prefix.length;
    memcpy(node->bits(), prefix.bits, spec().key_size - kLengthSize);
    return node;
  }

  void retire(Node *node) {
    if (!retired_)
      last_retired_ = node;
    node->next_unused = std::exchange(retired_, node);
  }

  // Frees what readers have left, and lets the next batch wait for those of now.
  void reclaim() {
    if (waiting_ && waiting_for_.gone()) {
      last_waiting_->next_unused = free_;
      free_ = std::exchange(waiting_, nullptr);
    }
    if (!waiting_ && retired_) {
      waiting_ = std::exchange(retired_, nullptr);
      last_waiting_ = last_retired_;
      waiting_for_.take();
    }
  }

  const uint32_t max_length_; // bits
  const size_t value_offset_; // bytes from the prefix to the value
  const size_t stride_;       // bytes from one node to the next
  std::atomic<Node *> root_{nullptr};
  SpinLock lock_;
  uint32_t entry_count_ = 0;
  Node *free_ = nullptr;
  Node *waiting_ = nullptr, *last_waiting_ = nullptr; // retired before waiting_for_ was taken
  Node *retired_ = nullptr, *last_retired_ = nullptr; // since then
  ReaderStamp waiting_for_;
  Buffer nodes_;
};

} // namespace

Result<Map *> create_lpm_trie_map(const MapSpec &spec) {
  if (spec.max_entries == 0 || spec.key_size > kLengthSize + KBPF_MAX_LPM_BYTES ||
      spec.value_size > KBPF_MAX_LPM_VALUE)
    return Error::invalid;
  LpmTrie *map = allocate_object<LpmTrie>(spec);
  if (!map)
    return Error::no_memory;
  if (Result<void> allocated = map->allocate(); !allocated.ok()) {
    free_object(map);
    return allocated.error();
  }
  return static_cast<Map *>(map);
}

} // namespace kbpf::maps
