// SPDX-License-Identifier: MIT OR Apache-2.0
// A program is a few functions, each a nest of blocks: straight code, if, if-else, bounded loops, calls of
// later functions and of helpers, one of which calls a function back. Frame of each function: [r10-8] the
// context's address, [r10-16] and [r10-24] loop counters, below them data. r0 to r9 hold numbers, but for an
// address now and then that is overwritten at once.
#include "random_program.h"
#include "engine_features.h"
#include "insn_builders.h"
#include <iterator>

namespace kbpf::test {

uint64_t next_random(uint64_t &state) { // splitmix64
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

namespace {

constexpr size_t kMaxInsns = 1500;
constexpr int kFunctions = 3;
constexpr int kContextSlot = -8;
constexpr int kDataTop = -32, kDataBottom = -512;

class Generator {
public:
  RandomProgram generate(uint64_t seed, const RandomSurroundings &surroundings) {
    state_ = seed;
    surroundings_ = surroundings;
    long_stretches_ = 0;
    count_ = 0;
    call_count_ = 0;
    callback_count_ = 0;
    any_stack_ = chance(20);
    is_short_ = chance(75); // they find as much for a third of the time
    int functions = 1 + static_cast<int>(below(kFunctions));
    for (int i = 0; i < functions; i++) {
      is_callback_[i] = i > 0 && chance(40);
      is_called_[i] = i == 0 || is_callback_[i];
    }
    for (int i = 0; i < functions; i++)
      function(i, functions);
    for (size_t i = 0; i < call_count_; i++) {
      int callee = calls_[i].callee;
      insns_[calls_[i].at].imm =
          is_callback_[callee] ? number_of(callee) : static_cast<int32_t>(starts_[callee] - calls_[i].at - 1);
    }
    for (int i = 0; i < functions; i++)
      if (is_callback_[i])
        callbacks_[callback_count_++] = static_cast<uint32_t>(starts_[i]);
    static constexpr uint16_t kDepths[] = {512, 512, 512, 520, 2040, 2048, 4096};
    return {{insns_, count_}, {callbacks_, callback_count_}, any_stack_, kDepths[below(std::size(kDepths))]};
  }

private:
  struct Call {
    size_t at;
    int callee;
  };

  // Among the subprograms: a function that nobody calls is a part of the one before.
  int32_t number_of(int function) const {
    int32_t number = 0;
    for (int i = 0; i < function; i++)
      number += is_called_[i];
    return number;
  }

  uint64_t below(uint64_t limit) { return next_random(state_) % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  Reg data_register() { return static_cast<Reg>(below(10)); }
  void put(const Insn &insn) { insns_[count_++] = insn; }

  uint64_t number() {
    uint64_t value = next_random(state_);
    switch (below(6)) {
    case 0:
      return value % 5 - 2;
    case 1:
      return value >> below(64);
    case 2:
      return value << below(64);
    case 3:
      return uint64_t{1} << below(64);
    case 4:
      return static_cast<uint64_t>(static_cast<int64_t>(value) >> below(64));
    default:
      return value;
    }
  }
  int32_t immediate() { return static_cast<int32_t>(number()); }

  void put_number(Reg reg) {
    if (chance(50)) {
      put(mov64_imm(reg, immediate()));
    } else {
      Insn2 wide = ld_imm64(reg, number());
      put(wide.first);
      put(wide.second);
    }
  }

  void function(int index, int functions) {
    starts_[index] = count_;
    index_ = index;
    functions_ = functions;
    if (is_callback_[index]) // called with the round's number and the context's address
      put(mov64_reg(R1, R2));
    put(store_reg(KBPF_SIZE_DW, R10, kContextSlot, R1));
    for (Reg reg :
         {R0, R1, R6, R7, R8, R9}) // a called function finds numbers in r2 to r5, and the address in r1
      put_number(reg);
    for (Reg reg : {R2, R3, R4, R5})
      if (index == 0 || is_callback_[index])
        put_number(reg);
    for (int slot = kDataTop - 8; slot >= kDataTop - 64; slot -= 8)
      put(store_imm(KBPF_SIZE_DW, R10, slot, immediate()));
    for (int slot = kDataBottom; slot < kDataBottom + 32; slot += 8)
      put(store_imm(KBPF_SIZE_DW, R10, slot, immediate()));
    block(0, 0, static_cast<int>(is_short_ ? 1 + below(5) : 4 + below(20)));
    finish();
  }

  void finish() { // every register counts
    for (Reg reg : {R1, R2, R3, R4, R5, R6, R7, R8, R9}) {
      truncate(reg);
      put(alu64_imm(KBPF_ALU_MUL, R0, 31));
      put(alu64_reg(KBPF_ALU_ADD, R0, reg));
    }
    put(exit_insn());
  }

  // Now and then only a register's low half matters from here on.
  void truncate(Reg reg) {
    if (chance(30))
      put(mov32_reg(reg, reg));
  }

  void block(int depth, int loops, int items) {
    for (int i = 0; i < items && count_ < kMaxInsns; i++)
      item(depth, loops);
  }

  void item(int depth, int loops) {
    if (chance(12))
      return outside();
    switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return alu();
    case 5:
      return unary();
    case 6:
      return stack_access();
    case 7:
      return context_access();
    case 8:
      return atomic_access();
    case 9:
    case 10:
      return depth < 4 ? branch(depth, loops) : alu();
    case 11:
      return depth < 4 && loops < 2 ? loop(depth, loops) : unary();
    case 12:
      return index_ + 1 < functions_ && loops < 2 && chance(60) ? call() : helper();
    case 13:
      return put_number(data_register());
    case 14:
      return chance(10) && depth > 0 ? finish() : frame_address();
    default:
      return chance(70) ? moves() : rotation();
    }
  }

  // What has to do with things outside of the program, and rare shapes.
  void outside() {
    switch (below(8)) {
    case 0:
      return surroundings_.prog_array && may_tail_call() ? tail_call() : moves();
    case 1:
    case 2:
      return surroundings_.elements ? element_access() : moves();
    case 3:
      return surroundings_.has_packets ? packet_load() : moves();
    case 4:
      return surroundings_.has_calls_by_number ? call_by_number() : moves();
    case 5:
      return frame_pointer_as_number();
    case 6:
      return chance(10) ? long_stretch() : unary();
    default:
      return helper();
    }
  }

  // Not below a helper: verifiers refuse it there, as the count of tail calls would be lost. And below one
  // caller at most: where more wait at each tail call, the interpreter has no room for all of them.
  bool may_tail_call() const { return index_ == 0 || (index_ == 1 && !is_callback_[1]); }

  void tail_call() {
    put(load(KBPF_SIZE_DW, R1, R10, kContextSlot));
    Insn2 map = ld_imm64(R2, surroundings_.prog_array);
    put(map.first);
    put(map.second);
    static constexpr int kIndices[] = {0, 1, 1, 2, 4, -1};
    if (chance(50))
      put(mov64_imm(R3, kIndices[below(std::size(kIndices))]));
    else
      put(alu32_imm(KBPF_ALU_AND, R3, 3)); // whatever it is
    put(call_helper(KBPF_HELPER_TAIL_CALL));
    put_number(R0); // which a tail call that fails does not set
    after_call();
  }

  // As an inlined lookup does it: a bounded index, scaled, from a constant address.
  void element_access() {
    Reg index = data_register(), base = static_cast<Reg>((index + 1 + below(9)) % 10);
    bool is64 = chance(50);
    put(alu32_imm(KBPF_ALU_AND, index, kElements - 1));
    put(is64 ? alu64_imm(KBPF_ALU_MUL, index, kElementBytes) : alu32_imm(KBPF_ALU_LSH, index, 4));
    Insn2 elements = ld_imm64(base, surroundings_.elements);
    put(elements.first);
    put(elements.second);
    put(add64_reg(base, index));
    access(base, static_cast<int>(below(kElementBytes - 7)));
    put_number(base);
  }

  void packet_load() {
    static constexpr unsigned kSizes[] = {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W};
    unsigned size = kSizes[below(3)];
    int offset = chance(5) ? immediate() : static_cast<int>(below(50));
    if (chance(50)) {
      put(make_insn(KBPF_CLASS_LD | KBPF_MODE_ABS | size, 0, 0, 0, offset));
    } else {
      Reg src = data_register();
      put(alu64_imm(KBPF_ALU_AND, src, 7));
      put(make_insn(KBPF_CLASS_LD | KBPF_MODE_IND | size, 0, src, 0, offset));
    }
    after_call();
  }

  void call_by_number() {
    int number = 1 + static_cast<int>(below(2));
    if (chance(50)) {
      Reg reg = static_cast<Reg>(6 + below(4));
      put(mov64_imm(reg, number));
      put(make_insn(KBPF_OP_CALLX, reg, 0, 0, 0));
    } else {
      put(make_insn(KBPF_OP_CALL, 0, KBPF_PSEUDO_KFUNC_CALL, 0, number));
    }
    after_call();
  }

  void frame_pointer_as_number() { // r10 as an operand, where its value does not matter
    Reg reg = data_register();
    switch (below(3)) {
    case 0: // reg = -n
      put(mov64_reg(reg, R10));
      put(add64_imm(reg, -static_cast<int>(below(5000))));
      return put(alu64_reg(KBPF_ALU_SUB, reg, R10));
    case 1:
      put(jump_reg(KBPF_JMP_JEQ, R10, R10, 1));
      return put(mov64_imm(reg, immediate()));
    default:
      put(mov64_reg(reg, R10));
      put(alu64_reg(KBPF_ALU_XOR, reg, R10));
    }
  }

  // What branches over it have to reach far for. Now and then beyond 1 MiB.
  void long_stretch() {
    if (long_stretches_++ >= 2)
      return;
    Reg reg = data_register();
    bool is_longest = long_stretches_ == 1 && chance(2); // as far as a branch's 16 bits reach
    size_t length = is_longest ? 25000 : 100 + below(500);
    for (size_t i = 0; i < length; i++)
      put(bswap(reg, 64));
  }

  // x << n | x >> bits - n in the shapes that compilers write, and now and then something that only looks
  // like it.
  void rotation() {
    Reg x = data_register(), a = data_register(), b = chance(50) ? x : data_register();
    bool is64 = chance(50);
    int left = 1 + static_cast<int>(below(is64 ? 63 : 31)), right = (is64 ? 64 : 32) - left;
    auto copy = [&](Reg to) { put(chance(is64 ? 95 : 50) ? mov64_reg(to, x) : mov32_reg(to, x)); };
    auto shift = [&](Reg reg, bool to_left) {
      unsigned cls = is64 ? KBPF_CLASS_ALU64 : KBPF_CLASS_ALU;
      int count = (to_left ? left : right) ^ chance(3);
      put(make_insn(cls | (to_left ? KBPF_ALU_LSH : KBPF_ALU_RSH) | KBPF_SRC_K, reg, 0, 0, count));
    };
    bool left_first = chance(50), in_place_first = chance(30);
    copy(a);
    shift(in_place_first ? b : a, left_first);
    if (b != x)
      copy(b);
    shift(in_place_first ? a : b, !left_first);
    bool into_a = chance(50);
    unsigned cls = chance(is64 ? 95 : 50) ? KBPF_CLASS_ALU64 : KBPF_CLASS_ALU;
    put(make_insn(cls | KBPF_ALU_OR | KBPF_SRC_X, into_a ? a : b, into_a ? b : a, 0, 0));
    if (chance(30))
      put(mov64_imm(into_a ? b : a, immediate()));
    truncate(into_a ? a : b);
  }

  void alu() {
    static constexpr unsigned kCodes[] = {KBPF_ALU_ADD, KBPF_ALU_SUB, KBPF_ALU_MUL, KBPF_ALU_DIV,
                                          KBPF_ALU_MOD, KBPF_ALU_OR,  KBPF_ALU_AND, KBPF_ALU_XOR,
                                          KBPF_ALU_LSH, KBPF_ALU_RSH, KBPF_ALU_ARSH};
    unsigned code = kCodes[below(std::size(kCodes))];
    int off = (code == KBPF_ALU_DIV || code == KBPF_ALU_MOD) && chance(50);
    unsigned cls = chance(50) ? KBPF_CLASS_ALU : KBPF_CLASS_ALU64;
    Reg dst = data_register();
    if (chance(20)) // the pair that the JIT fuses
      put(mov64_reg(dst, data_register()));
    if (chance(50))
      put(make_insn(cls | code | KBPF_SRC_X, dst, data_register(), off, 0));
    else
      put(make_insn(cls | code | KBPF_SRC_K, dst, 0, off,
                    chance(10) ? static_cast<int32_t>(below(12)) : immediate()));
    truncate(dst);
  }

  void unary() {
    Reg reg = data_register();
    int bits = 16 << below(3);
    switch (below(5)) {
    case 0:
      return put(neg64(reg));
    case 1:
      return put(neg32(reg));
    case 2:
      return put(to_le(reg, bits));
    case 3:
      return put(to_be(reg, bits));
    default:
      return put(bswap(reg, bits));
    }
  }

  void moves() {
    Reg dst = data_register(), src = data_register();
    int bits = 8 << below(3);
    switch (below(5)) {
    case 0:
      return put(mov64_reg(dst, src));
    case 1:
      return put(mov32_reg(dst, src));
    case 2:
      return put(mov32_imm(dst, immediate()));
    case 3:
      return put(movsx64_reg(dst, src, bits));
    default:
      return put(movsx32_reg(dst, src, bits == 32 ? 8 : bits));
    }
  }

  void access(Reg base, int offset) {
    static constexpr unsigned kSizes[] = {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W, KBPF_SIZE_DW};
    unsigned size = kSizes[below(4)];
    Reg other = data_register();
    if (other == base) // would store an address
      other = static_cast<Reg>((other + 1) % 10);
    switch (below(4)) {
    case 0:
      return put(load(size, other, base, offset));
    case 1:
      return put(size == KBPF_SIZE_DW ? load(size, other, base, offset)
                                      : load_signed(size, other, base, offset));
    case 2:
      return put(store_reg(size, base, offset, other));
    default:
      return put(store_imm(size, base, offset, immediate()));
    }
  }

  int data_offset() { // of 8 bytes that are initialised
    if (any_stack_ && chance(30))
      return kDataBottom + static_cast<int>(below(static_cast<uint64_t>(kDataTop - kDataBottom - 8)));
    return chance(70) ? kDataTop - 64 + static_cast<int>(below(57))
                      : kDataBottom + static_cast<int>(below(25));
  }

  void stack_access() { access(R10, data_offset()); }

  void frame_address() { // r10 plus a constant, in one move and addition, then an access through it
    Reg base = data_register();
    int offset = data_offset(), split = static_cast<int>(below(40)) - 20;
    put(mov64_reg(base, R10));
    put(add64_imm(base, offset - split));
    access(base, split);
    put_number(base);
  }

  Reg context_address() {
    Reg base = data_register();
    put(load(KBPF_SIZE_DW, base, R10, kContextSlot));
    return base;
  }

  void context_access() {
    Reg base = context_address();
    if (chance(20)) { // an offset beyond 12 bits
      int far = 2000 + static_cast<int>(below(30000));
      put(alu64_imm(KBPF_ALU_SUB, base, far));
      access(base, far + static_cast<int>(below(kRandomContext - 8)));
    } else {
      access(base, static_cast<int>(below(kRandomContext - 8)));
    }
    put_number(base);
  }

  void atomic_access() {
    static constexpr int kOperations[] = {KBPF_ATOMIC_ADD,
                                          KBPF_ATOMIC_OR,
                                          KBPF_ATOMIC_AND,
                                          KBPF_ATOMIC_XOR,
                                          KBPF_ATOMIC_ADD | KBPF_ATOMIC_FETCH,
                                          KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH,
                                          KBPF_ATOMIC_AND | KBPF_ATOMIC_FETCH,
                                          KBPF_ATOMIC_XOR | KBPF_ATOMIC_FETCH,
                                          KBPF_ATOMIC_XCHG,
                                          KBPF_ATOMIC_CMPXCHG,
                                          KBPF_ATOMIC_LOAD_ACQ,
                                          KBPF_ATOMIC_STORE_REL};
    int operation = kOperations[below(std::size(kOperations))];
    unsigned size = chance(50) ? KBPF_SIZE_W : KBPF_SIZE_DW;
    if ((operation == KBPF_ATOMIC_LOAD_ACQ || operation == KBPF_ATOMIC_STORE_REL) && chance(50))
      size = chance(50) ? KBPF_SIZE_B : KBPF_SIZE_H;
    Reg base = R10, src = data_register();
    int offset = kDataTop - 8 * static_cast<int>(1 + below(8));
    if (chance(50)) {
      base = context_address();
      offset = 8 * static_cast<int>(below(kRandomContext / 8));
    }
    if (src == base ||
        (base == R0 && operation == KBPF_ATOMIC_CMPXCHG)) // the address would get into a result
      return put_number(base);
    if (operation == KBPF_ATOMIC_CMPXCHG && chance(50)) // make it succeed
      put(load(size, R0, base, offset));
    if (operation == KBPF_ATOMIC_LOAD_ACQ)
      put(atomic(size, operation, src, offset, base)); // dst is the loaded register, src the base
    else
      put(atomic(size, operation, base, offset, src));
    if (base != R10)
      put_number(base);
  }

  // A conditional jump of any kind, to be aimed by land().
  size_t condition() {
    static constexpr unsigned kCodes[] = {KBPF_JMP_JEQ,  KBPF_JMP_JNE,  KBPF_JMP_JSET, KBPF_JMP_JGT,
                                          KBPF_JMP_JGE,  KBPF_JMP_JLT,  KBPF_JMP_JLE,  KBPF_JMP_JSGT,
                                          KBPF_JMP_JSGE, KBPF_JMP_JSLT, KBPF_JMP_JSLE};
    unsigned code = kCodes[below(std::size(kCodes))];
    unsigned cls = chance(50) ? KBPF_CLASS_JMP : KBPF_CLASS_JMP32;
    if (chance(50))
      put(make_insn(cls | code | KBPF_SRC_X, data_register(), data_register(), 0, 0));
    else
      put(make_insn(cls | code | KBPF_SRC_K, data_register(), 0, 0, chance(30) ? 0 : immediate()));
    return count_ - 1;
  }
  void land(size_t jump) {
    int32_t distance = static_cast<int32_t>(count_ - jump - 1);
    if (insns_[jump].opcode == (KBPF_CLASS_JMP32 | KBPF_JMP_JA))
      insns_[jump].imm = distance;
    else
      insns_[jump].off = static_cast<int16_t>(distance);
  }

  void branch(int depth, int loops) {
    if (chance(20)) { // over a jump over one instruction
      insns_[condition()].off = 1;
      put(ja(1));
      put(mov64_imm(data_register(), immediate()));
      return;
    }
    size_t over = condition();
    block(depth + 1, loops, static_cast<int>(1 + below(4)));
    if (chance(50)) {
      put(chance(50) ? ja(0) : gotol(0));
      size_t end = count_ - 1;
      land(over);
      block(depth + 1, loops, static_cast<int>(1 + below(4)));
      land(end);
    } else {
      land(over);
    }
  }

  void loop(int depth, int loops) {
    int counter = kContextSlot - 8 * (1 + loops);
    put(store_imm(KBPF_SIZE_DW, R10, counter, static_cast<int32_t>(1 + below(3))));
    if (chance(30))
      return tangle(depth, loops, counter);
    bool is_entered_in_the_middle = chance(20);
    size_t over = is_entered_in_the_middle ? condition() : 0;
    size_t start = count_;
    block(depth + 1, loops + 1, static_cast<int>(1 + below(4)));
    if (is_entered_in_the_middle) {
      land(over);
      block(depth + 1, loops + 1, static_cast<int>(1 + below(2)));
    }
    step_back(counter, start);
  }

  // Jumps back that leave inner loops for outer ones, or enter some from behind: whatever their order, they
  // share one counter.
  void tangle(int depth, int loops, int counter) {
    size_t heads[24];
    size_t head_count = 0;
    for (size_t pieces = 3 + below(std::size(heads) - 3); pieces > 0; pieces--) {
      if (head_count == 0 || chance(50))
        heads[head_count++] = count_;
      else
        step_back(counter, heads[below(head_count)]);
      block(depth + 2, loops + 1, static_cast<int>(below(3)));
    }
  }

  // To start, if the counter allows.
  void step_back(int counter, size_t start) {
    Reg reg = data_register();
    put(load(KBPF_SIZE_DW, reg, R10, counter));
    put(add64_imm(reg, -1));
    put(store_reg(KBPF_SIZE_DW, R10, counter, reg));
    if (chance(50)) { // the two ways in which compilers go back
      put(jump_imm(KBPF_JMP_JSGT, reg, 0, static_cast<int>(start) - static_cast<int>(count_) - 1));
    } else {
      put(jump_imm(KBPF_JMP_JSLE, reg, 0, 1));
      put(ja(static_cast<int>(start) - static_cast<int>(count_) - 1));
    }
  }

  void after_call() {
    for (Reg reg : {R1, R2, R3, R4, R5})
      put_number(reg);
  }

  void call() {
    int callee = index_ + 1 + static_cast<int>(below(static_cast<uint64_t>(functions_ - index_ - 1)));
    is_called_[callee] = true;
    if (is_callback_[callee]) {
      put(mov64_imm(R1, static_cast<int32_t>(below(3))));
      calls_[call_count_++] = {count_, callee};
      Insn2 handle = ld_callback(R2, 0);
      put(handle.first);
      put(handle.second);
      put(load(KBPF_SIZE_DW, R3, R10, kContextSlot));
      put(call_helper(kRepeat));
    } else {
      put(load(KBPF_SIZE_DW, R1, R10, kContextSlot));
      calls_[call_count_++] = {count_, callee};
      put(call_subprogram(0));
    }
    after_call();
  }

  void helper() {
    if (chance(20)) { // a branch that is never taken, as there are enough of them
      put(may_goto(1));
      return moves();
    }
    put(call_helper(1 + static_cast<int>(below(2))));
    after_call();
  }

  uint64_t state_ = 0;
  Insn insns_[kMaxRandomInsns];
  static_assert(kMaxRandomInsns >= kMaxInsns * kFunctions + 2000 + 26000);
  size_t count_ = 0;
  Call calls_[2000];
  size_t call_count_ = 0;
  size_t starts_[kFunctions] = {};
  bool is_callback_[kFunctions] = {};
  bool is_called_[kFunctions] = {};
  uint32_t callbacks_[kFunctions];
  size_t callback_count_ = 0;
  bool any_stack_ = false, is_short_ = false;
  int long_stretches_ = 0;
  RandomSurroundings surroundings_ = {};
  int index_ = 0;
  int functions_ = 1;
};

} // namespace

RandomProgram random_program(uint64_t seed, const RandomSurroundings &surroundings) {
  static Generator generator;
  return generator.generate(seed, surroundings);
}

} // namespace kbpf::test
