// SPDX-License-Identifier: MIT OR Apache-2.0
// The interpreter: a function for each opcode and destination, and each ends in a tail call of the next one's
// (direct threading). Frames of BPF functions lie on the given stack, growing down; what a call must bring
// back, r6 to r9, r10 and the place to go on, is kept beside it, out of the program's reach. A callback is a
// second execution on what is left of the same stack.
#include "core/interp/interp.h"
#include "core/interp/atomic.h"
#include "core/interp/callback.h"
#include "core/interp/cell.h"
#include "core/interp/memory.h"
#include "core/isa/arithmetic.h"
#include <array>
#include <iterator>
#include <type_traits>

namespace kbpf {

struct SavedFrame {
  const Cell *resume;
  const Subprogram *function;
  const InterpreterCode *code;
  uint64_t registers[4]; // r6 .. r9
  uint64_t frame_pointer;
  uint64_t may_gotos; // that are left to it
};

namespace {

// What the executions of one program share, and helpers that call back. A callback's handle is the address of
// this plus 2 * (index of the subprogram) + 1: odd, so that it is not an address of code.
constexpr uint64_t kHandleSpace = 512;
struct alignas(kHandleSpace) Interpretation {
  const InterpreterCode *code;
  uint64_t stack_low;
  uint64_t frame_bottom; // of the function that calls a helper
  uint32_t tail_calls;   // so far
  uint32_t depth;        // of saved, when a helper is called
  // A tail call from within a subprogram leaves its callers waiting.
  SavedFrame saved[KBPF_MAX_CALL_FRAMES - 1 + KBPF_MAX_TAIL_CALLS];
};
static_assert(kHandleSpace / 2 >= 256); // subprograms of a program

} // namespace

struct Execution {
  uint64_t r[KBPF_REG_COUNT];
  const InterpreterCode *code; // another one after a tail call
  const Subprogram *function;
  uint64_t may_gotos; // that are left to it
  uint32_t depth, first_depth;
  Interpretation &shared;

  const Insn &insn(const Cell *cell) const {
    return code->program->insns()[static_cast<size_t>(cell - code->cells)];
  }
};

namespace {

// A register by its offset.
uint64_t &at(Execution *x, unsigned offset) {
  return *reinterpret_cast<uint64_t *>(reinterpret_cast<char *>(x->r) + offset);
}

#define KBPF_GO(cell)                                                                                        \
  do {                                                                                                       \
    const Cell *kbpf_next = (cell);                                                                          \
    [[clang::musttail]] return kbpf_next->handler(kbpf_next, x);                                             \
  } while (0)

// The result of a binary operation. T: uint32_t or uint64_t.
template <uint8_t code, typename T> T compute(T a, T b) {
  if constexpr (code == KBPF_ALU_ADD)
    return a + b;
  else if constexpr (code == KBPF_ALU_SUB)
    return a - b;
  else if constexpr (code == KBPF_ALU_MUL)
    return a * b;
  else if constexpr (code == KBPF_ALU_DIV)
    return divide(a, b);
  else if constexpr (code == KBPF_ALU_MOD)
    return modulo(a, b);
  else if constexpr (code == KBPF_ALU_OR)
    return a | b;
  else if constexpr (code == KBPF_ALU_AND)
    return a & b;
  else if constexpr (code == KBPF_ALU_XOR)
    return a ^ b;
  else if constexpr (code == KBPF_ALU_LSH)
    return shift_left(a, b);
  else if constexpr (code == KBPF_ALU_RSH)
    return shift_right(a, b);
  else
    return shift_right_signed(a, b);
}
constexpr bool is_binary(uint8_t code) {
  return code <= KBPF_ALU_RSH || code == KBPF_ALU_MOD || code == KBPF_ALU_XOR || code == KBPF_ALU_ARSH;
}

template <uint8_t code, typename T> bool holds(T a, T b) {
  using Signed = std::make_signed_t<T>;
  if constexpr (code == KBPF_JMP_JEQ)
    return a == b;
  else if constexpr (code == KBPF_JMP_JNE)
    return a != b;
  else if constexpr (code == KBPF_JMP_JSET)
    return (a & b) != 0;
  else if constexpr (code == KBPF_JMP_JGT)
    return a > b;
  else if constexpr (code == KBPF_JMP_JGE)
    return a >= b;
  else if constexpr (code == KBPF_JMP_JLT)
    return a < b;
  else if constexpr (code == KBPF_JMP_JLE)
    return a <= b;
  else if constexpr (code == KBPF_JMP_JSGT)
    return static_cast<Signed>(a) > static_cast<Signed>(b);
  else if constexpr (code == KBPF_JMP_JSGE)
    return static_cast<Signed>(a) >= static_cast<Signed>(b);
  else if constexpr (code == KBPF_JMP_JSLT)
    return static_cast<Signed>(a) < static_cast<Signed>(b);
  else
    return static_cast<Signed>(a) <= static_cast<Signed>(b);
}
constexpr bool is_condition(uint8_t code) {
  return code != KBPF_JMP_JA && code != KBPF_JMP_CALL && code != KBPF_JMP_EXIT && code < KBPF_JMP_JCOND;
}

// The second operand of ALU and jump classes.
template <uint8_t opcode> uint64_t operand(const Cell *cell, Execution *x) {
  if constexpr (opcode & KBPF_SRC_X)
    return at(x, cell->src);
  else
    return static_cast<uint64_t>(int64_t{cell->imm});
}
template <uint8_t opcode> using AluType =
    std::conditional_t<(opcode & 7) == KBPF_CLASS_ALU64, uint64_t, uint32_t>;

// A 32-bit result is zero-extended by its assignment to the 64-bit register. first: of the two operands.
template <uint8_t opcode, unsigned dst, bool is_pair> uint64_t binary(const Cell *cell, Execution *x) {
  using T = AluType<opcode>;
  uint64_t first = is_pair ? at(x, static_cast<uint16_t>(cell->off)) : x->r[dst];
  x->r[dst] = compute < opcode & 0xf0 > (static_cast<T>(first), static_cast<T>(operand<opcode>(cell, x)));
  KBPF_GO(cell + (is_pair ? 2 : 1));
}

template <uint8_t opcode, unsigned dst> uint64_t signed_division(const Cell *cell, Execution *x) {
  using T = AluType<opcode>;
  T a = static_cast<T>(x->r[dst]), b = static_cast<T>(operand<opcode>(cell, x));
  x->r[dst] = (opcode & 0xf0) == KBPF_ALU_DIV ? signed_divide(a, b) : signed_modulo(a, b);
  KBPF_GO(cell + 1);
}

template <uint8_t opcode, unsigned dst> uint64_t move(const Cell *cell, Execution *x) {
  x->r[dst] = static_cast<AluType<opcode>>(operand<opcode>(cell, x));
  KBPF_GO(cell + 1);
}

template <uint8_t opcode, unsigned dst> uint64_t move_sign_extended(const Cell *cell, Execution *x) {
  using T = AluType<opcode>;
  x->r[dst] = sign_extend(static_cast<T>(at(x, cell->src)), static_cast<unsigned>(cell->off));
  KBPF_GO(cell + 1);
}

template <uint8_t opcode, unsigned dst> uint64_t negate(const Cell *cell, Execution *x) {
  x->r[dst] = AluType<opcode>{0} - static_cast<AluType<opcode>>(x->r[dst]);
  KBPF_GO(cell + 1);
}

// Registers hold numbers as little-endian machines do: to that order, only the truncation is left.
template <uint8_t opcode, unsigned dst> uint64_t convert(const Cell *cell, Execution *x) {
  constexpr bool swaps = opcode != (KBPF_CLASS_ALU | KBPF_ALU_END | KBPF_SRC_K);
  unsigned bits = static_cast<unsigned>(cell->imm);
  x->r[dst] = swaps ? swap_bytes(x->r[dst], bits) : truncate(x->r[dst], bits);
  KBPF_GO(cell + 1);
}

template <unsigned dst> uint64_t load_wide(const Cell *cell, Execution *x) {
  x->r[dst] = cell->value;
  KBPF_GO(cell + 2);
}

// A pair is a branch over a jump: where the condition does not hold, it jumps.
template <uint8_t opcode, unsigned dst, bool is_pair> uint64_t branch(const Cell *cell, Execution *x) {
  using T = std::conditional_t<(opcode & 7) == KBPF_CLASS_JMP, uint64_t, uint32_t>;
  if (holds < opcode & 0xf0 > (static_cast<T>(x->r[dst]), static_cast<T>(operand<opcode>(cell, x))))
    KBPF_GO(cell + (is_pair ? 2 : cell->off));
  KBPF_GO(cell + (is_pair ? cell->off : 1));
}

// Where a loop counts: an addition, and the branch on its result, whose own cell has the rest.
template <uint8_t code, unsigned dst, bool is_pair> uint64_t count(const Cell *cell, Execution *x) {
  const uint64_t value = x->r[dst] + static_cast<uint64_t>(int64_t{cell->imm});
  x->r[dst] = value;
  const Cell *const branch = cell + 1;
  if (holds<code>(value, static_cast<uint64_t>(int64_t{branch->imm})))
    KBPF_GO(branch + (is_pair ? 2 : branch->off));
  KBPF_GO(branch + (is_pair ? branch->off : 1));
}

template <uint8_t size, bool is_signed> auto memory_type() {
  if constexpr (size == KBPF_SIZE_B)
    return std::conditional_t<is_signed, int8_t, uint8_t>{};
  else if constexpr (size == KBPF_SIZE_H)
    return std::conditional_t<is_signed, int16_t, uint16_t>{};
  else if constexpr (size == KBPF_SIZE_W)
    return std::conditional_t<is_signed, int32_t, uint32_t>{};
  else
    return uint64_t{};
}
template <uint8_t opcode, bool is_signed = false> using Memory =
    decltype(memory_type<opcode & 0x18, is_signed>());

template <uint8_t opcode, unsigned dst> uint64_t load_memory(const Cell *cell, Execution *x) {
  constexpr bool is_signed = (opcode & 0xe0) == KBPF_MODE_MEMSX;
  auto value = static_cast<Memory<opcode, is_signed>>(
      load<Memory<opcode>>(at(x, cell->src) + static_cast<uint64_t>(int64_t{cell->off})));
  x->r[dst] = static_cast<uint64_t>(value); // extends as its type does
  KBPF_GO(cell + 1);
}

template <uint8_t opcode, unsigned dst> uint64_t store_memory(const Cell *cell, Execution *x) {
  uint64_t value =
      (opcode & 7) == KBPF_CLASS_STX ? at(x, cell->src) : static_cast<uint64_t>(int64_t{cell->imm});
  store(x->r[dst] + static_cast<uint64_t>(int64_t{cell->off}), static_cast<Memory<opcode>>(value));
  KBPF_GO(cell + 1);
}

uint64_t not_an_instruction(const Cell *, Execution *x) { // a verified program does not come here
  return x->r[0];
}

template <uint8_t opcode, unsigned number> uint64_t atomic(const Cell *cell, Execution *x) {
  using T = Memory<opcode>;
  uint64_t &dst = x->r[number], &src = at(x, cell->src);
  uint64_t off = static_cast<uint64_t>(int64_t{cell->off});
  if (cell->imm == KBPF_ATOMIC_LOAD_ACQ) {
    dst = load_acquire<T>(src + off);
    KBPF_GO(cell + 1);
  }
  if (cell->imm == KBPF_ATOMIC_STORE_REL) {
    store_release<T>(dst + off, static_cast<T>(src));
    KBPF_GO(cell + 1);
  }
  bool is_operation = false;
  if constexpr (sizeof(T) >= 4)
    is_operation = atomic_modify<T>(cell->imm, dst + off, src, x->r[0]);
  if (!is_operation)
    return x->r[0];
  KBPF_GO(cell + 1);
}

// The most usual one, with or without the old value.
template <uint8_t opcode, unsigned number> uint64_t atomic_add(const Cell *cell, Execution *x) {
  using T = Memory<opcode>;
  uint64_t &src = at(x, cell->src);
  const T old = __atomic_fetch_add(pointer<T>(x->r[number] + static_cast<uint64_t>(int64_t{cell->off})),
                                   static_cast<T>(src), __ATOMIC_SEQ_CST);
  if (cell->imm & KBPF_ATOMIC_FETCH)
    src = old;
  KBPF_GO(cell + 1);
}

uint64_t jump(const Cell *cell, Execution *x) { KBPF_GO(cell + cell->off); }
uint64_t jump_long(const Cell *cell, Execution *x) { KBPF_GO(cell + 1 + cell->imm); }
uint64_t may_goto(const Cell *cell, Execution *x) {
  if (x->may_gotos == 0)
    KBPF_GO(cell + cell->off);
  x->may_gotos--;
  KBPF_GO(cell + 1);
}

uint64_t function_address(const Cell *cell, Execution *x) {
  at(x, cell->src) = reinterpret_cast<uint64_t>(&x->shared) + 2 * static_cast<uint64_t>(cell->imm) + 1;
  KBPF_GO(cell + 2);
}

void call_function(Execution *x, HelperFunction function) {
  x->shared.frame_bottom = x->r[KBPF_REG_FP] - x->function->stack_depth; // for one that calls back
  x->shared.depth = x->depth;
  x->r[0] = function(x->r[1], x->r[2], x->r[3], x->r[4], x->r[5]);
}
uint64_t call_helper(const Cell *cell, Execution *x) {
  call_function(x, reinterpret_cast<HelperFunction>(cell->value));
  KBPF_GO(cell + 1);
}
template <unsigned dst> uint64_t told(const Cell *cell, Execution *x) {
  x->r[dst] = reinterpret_cast<HelperFunction>(cell->value)(0, 0, 0, 0, 0);
  KBPF_GO(cell + 1);
}
uint64_t call_by_number(const Cell *cell, Execution *x) {
  uint32_t number = static_cast<uint32_t>(x->r[x->insn(cell).dst()]);
  HelperFunction function = x->code->environment->helper(number);
  if (!function)
    return x->r[0];
  call_function(x, function);
  KBPF_GO(cell + 1);
}

const Cell *enter_function(Execution *x, const Subprogram &function) {
  x->function = &function;
  x->may_gotos = kMayGotoBudget;
  if (function.zero_stack)
    __builtin_memset(reinterpret_cast<void *>(x->r[KBPF_REG_FP] - function.stack_depth), 0,
                     function.stack_depth);
  return x->code->cells + function.first;
}

uint64_t call_subprogram(const Cell *cell, Execution *x) {
  Interpretation &shared = x->shared;
  if (x->depth == std::size(shared.saved))
    return x->r[0];
  uint64_t *r = x->r;
  shared.saved[x->depth++] = {cell + 1,       x->function, x->code, {r[6], r[7], r[8], r[9]},
                              r[KBPF_REG_FP], x->may_gotos};
  r[KBPF_REG_FP] -= x->function->stack_depth;
  KBPF_GO(enter_function(x, x->code->program->subprograms()[static_cast<uint32_t>(cell->imm)]));
}

// The program in the slot takes the place of this function. r6 to r9 are its own, whatever they hold. As on
// Linux an empty slot costs one of the calls.
uint64_t tail_call(const Cell *cell, Execution *x) {
  Interpretation &shared = x->shared;
  const ProgArrayLayout &layout = *x->code->environment->prog_array;
  uint64_t map = x->r[2];
  uint32_t index = static_cast<uint32_t>(x->r[3]);
  if (index >= load<uint32_t>(map + layout.count) || shared.tail_calls == KBPF_MAX_TAIL_CALLS)
    KBPF_GO(cell + 1);
  shared.tail_calls++;
  auto *target =
      pointer<const InterpreterCode>(load_acquire<uint64_t>(map + layout.slots + sizeof(uint64_t) * index));
  bool has_room = x->r[KBPF_REG_FP] - shared.stack_low >= (target ? target->program->stack_depth() : 0) &&
                  x->depth + KBPF_MAX_CALL_FRAMES - 1 <= std::size(shared.saved);
  if (!target || !has_room)
    KBPF_GO(cell + 1);
  shared.code = x->code = target;
  KBPF_GO(enter_function(x, target->program->subprograms()[0]));
}

uint64_t leave_function(const Cell *, Execution *x) {
  if (x->depth == x->first_depth)
    return x->r[0];
  const SavedFrame &frame = x->shared.saved[--x->depth];
  x->function = frame.function;
  x->shared.code = x->code = frame.code;
  x->may_gotos = frame.may_gotos;
  for (unsigned i = 0; i < 4; i++)
    x->r[6 + i] = frame.registers[i];
  x->r[KBPF_REG_FP] = frame.frame_pointer;
  KBPF_GO(frame.resume);
}

uint64_t packet_load(const Cell *cell, Execution *x) {
  const Environment &environment = *x->code->environment;
  const Insn &insn = x->insn(cell);
  if (!environment.load_packet)
    return x->r[0];
  uint32_t offset = static_cast<uint32_t>(cell->imm);
  if (insn.mode() == KBPF_MODE_IND)
    offset += static_cast<uint32_t>(at(x, cell->src));
  int64_t value = environment.load_packet(x->r[6], offset, insn.access_bytes());
  x->r[0] = value < 0 ? 0 : static_cast<uint64_t>(value);
  if (value < 0) [[clang::musttail]]
    return leave_function(cell, x);
  KBPF_GO(cell + 1);
}

template <uint8_t opcode, unsigned dst> constexpr CellHandler handler() {
  constexpr Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr uint8_t mode = insn.mode();
  if constexpr (insn.is_alu()) {
    if constexpr (is_binary(insn.code()))
      return binary<opcode, dst, false>;
    else if constexpr (insn.code() == KBPF_ALU_MOV)
      return move<opcode, dst>;
    else if constexpr (insn.code() == KBPF_ALU_NEG)
      return negate<opcode, dst>;
    else if constexpr (insn.code() == KBPF_ALU_END)
      return convert<opcode, dst>;
    else
      return nullptr;
  } else if constexpr (insn.is_jump_class()) {
    if constexpr (insn.is_exit())
      return leave_function;
    else if constexpr (insn.is_callx())
      return call_by_number;
    else if constexpr (opcode == KBPF_OP_JCOND)
      return may_goto;
    else if constexpr (insn.code() == KBPF_JMP_JA)
      return insn.src_is_reg() ? nullptr : insn.cls() == KBPF_CLASS_JMP ? jump : jump_long;
    else if constexpr (is_condition(insn.code()))
      return branch<opcode, dst, false>;
    else
      return nullptr;
  } else if constexpr (insn.cls() == KBPF_CLASS_LD) {
    if constexpr (insn.is_packet_load())
      return packet_load;
    else if constexpr (insn.is_told())
      return told<dst>;
    else if constexpr (insn.is_ld_imm64())
      return load_wide<dst>;
    else
      return nullptr;
  } else if constexpr (insn.cls() == KBPF_CLASS_LDX) {
    if constexpr ((mode == KBPF_MODE_MEM || (mode == KBPF_MODE_MEMSX && insn.size() != KBPF_SIZE_DW)))
      return load_memory<opcode, dst>;
    else
      return nullptr;
  } else if constexpr (mode == KBPF_MODE_MEM) {
    return store_memory<opcode, dst>;
  } else if constexpr (mode == KBPF_MODE_ATOMIC && insn.cls() == KBPF_CLASS_STX) {
    return atomic<opcode, dst>;
  } else {
    return nullptr;
  }
}

template <uint8_t opcode, unsigned dst> constexpr CellHandler pair_handler() {
  constexpr Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  if constexpr (insn.is_alu() && is_binary(insn.code()))
    return binary<opcode, dst, true>;
  else if constexpr (insn.is_jump_class() && is_condition(insn.code()))
    return branch<opcode, dst, true>;
  else
    return nullptr;
}

// Where the offset says that the operation is a signed one, or the move a sign-extending one.
template <uint8_t opcode, unsigned dst> constexpr CellHandler signed_handler() {
  constexpr Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  if constexpr (insn.is_alu()) {
    if constexpr (insn.code() == KBPF_ALU_DIV || insn.code() == KBPF_ALU_MOD)
      return signed_division<opcode, dst>;
    else if constexpr (insn.code() == KBPF_ALU_MOV && insn.src_is_reg())
      return move_sign_extended<opcode, dst>;
  }
  return handler<opcode, dst>();
}

// Tables by opcode and dst.
using Row = std::array<CellHandler, KBPF_REG_COUNT>;
template <uint8_t opcode, size_t... dst> constexpr Row row(std::index_sequence<dst...>) {
  return {handler<opcode, dst>()...};
}
template <uint8_t opcode, size_t... dst> constexpr Row pair_row(std::index_sequence<dst...>) {
  return {pair_handler<opcode, dst>()...};
}
template <uint8_t opcode, size_t... dst> constexpr Row signed_row(std::index_sequence<dst...>) {
  return {signed_handler<opcode, dst>()...};
}
using Dsts = std::make_index_sequence<KBPF_REG_COUNT>;
using Opcodes = std::make_index_sequence<256>;
constexpr auto kHandlers = []<size_t... opcode>(std::index_sequence<opcode...>) {
  return std::array<Row, 256>{row<opcode>(Dsts{})...};
}(Opcodes{});
constexpr auto kPairHandlers = []<size_t... opcode>(std::index_sequence<opcode...>) {
  return std::array<Row, 256>{pair_row<opcode>(Dsts{})...};
}(Opcodes{});
constexpr auto kSignedHandlers = []<size_t... code>(std::index_sequence<code...>) { // see alu_index()
  return std::array<Row, 64>{signed_row<(code << 3 | KBPF_CLASS_ALU)>(Dsts{})...,
                             signed_row<(code << 3 | KBPF_CLASS_ALU64)>(Dsts{})...};
}(std::make_index_sequence<32>{});

struct Adders {
  Row words, double_words;
};
constexpr Adders kAdders = []<size_t... dst>(std::index_sequence<dst...>) {
  return Adders{{atomic_add < KBPF_CLASS_STX | KBPF_MODE_ATOMIC | KBPF_SIZE_W, dst > ...},
                {atomic_add < KBPF_CLASS_STX | KBPF_MODE_ATOMIC | KBPF_SIZE_DW, dst > ...}};
}(Dsts{});
struct Counters { // by whether a jump is behind the branch
  Row equal[2], not_equal[2];
};
constexpr Counters kCounters = []<size_t... dst>(std::index_sequence<dst...>) {
  return Counters{{{count<KBPF_JMP_JEQ, dst, false>...}, {count<KBPF_JMP_JEQ, dst, true>...}},
                  {{count<KBPF_JMP_JNE, dst, false>...}, {count<KBPF_JMP_JNE, dst, true>...}}};
}(Dsts{});

unsigned alu_index(const Insn &insn) {
  return insn.opcode >> 3 | (insn.cls() == KBPF_CLASS_ALU64 ? 32u : 0u);
}

// Runs a function from arguments r1 to r5, its frame below frame_pointer.
uint64_t execute(Interpretation &shared, const Subprogram &function, const uint64_t (&arguments)[5],
                 uint64_t frame_pointer) {
  Execution x{.r = {},
              .code = shared.code,
              .function = nullptr,
              .may_gotos = 0,
              .depth = shared.depth,
              .first_depth = shared.depth,
              .shared = shared};
  for (unsigned i = 0; i < 5; i++)
    x.r[1 + i] = arguments[i];
  x.r[KBPF_REG_FP] = frame_pointer;
  const Cell *cell = enter_function(&x, function);
  return cell->handler(cell, &x);
}

// Seldom enough for the instruction to be looked at.
uint64_t faultable_load(const Cell *cell, Execution *x) {
  const Insn insn = x->insn(cell);
  const unsigned size = insn.access_bytes();
  uint64_t value = 0;
  if (x->code->environment->read_kernel(&value, x->r[insn.src()] + static_cast<uint64_t>(int64_t{insn.off}),
                                        size) != 0)
    value = 0;
  if (insn.mode() == KBPF_MODE_MEMSX) {
    const unsigned unused = 64 - size * 8;
    value = static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
  }
  x->r[insn.dst()] = value;
  KBPF_GO(cell + 1);
}

} // namespace

const CellHandler kNotAnInstruction = not_an_instruction, kCallHelper = call_helper,
                  kCallSubprogram = call_subprogram, kTailCall = tail_call,
                  kFunctionAddress = function_address, kFaultableLoad = faultable_load;

CellHandler handler_of(const Insn &insn) {
  if (insn.dst() >= KBPF_REG_COUNT)
    return nullptr;
  if (insn.is_alu() && insn.off != 0)
    return kSignedHandlers[alu_index(insn)][insn.dst()];
  bool adds = insn.is_atomic() && (insn.imm & ~KBPF_ATOMIC_FETCH) == KBPF_ATOMIC_ADD;
  if (adds && insn.size() == KBPF_SIZE_W)
    return kAdders.words[insn.dst()];
  if (adds && insn.size() == KBPF_SIZE_DW)
    return kAdders.double_words[insn.dst()];
  return kHandlers[insn.opcode][insn.dst()];
}

CellHandler handler_of_count(const Insn &addition, const Insn &branch, bool is_pair) {
  constexpr uint8_t kAdd = KBPF_CLASS_ALU64 | KBPF_ALU_ADD;
  if (addition.opcode != kAdd || addition.off != 0 || branch.dst() != addition.dst() ||
      branch.off == INT16_MAX)
    return nullptr;
  return branch.opcode == (KBPF_CLASS_JMP | KBPF_JMP_JEQ)   ? kCounters.equal[is_pair][branch.dst()]
         : branch.opcode == (KBPF_CLASS_JMP | KBPF_JMP_JNE) ? kCounters.not_equal[is_pair][branch.dst()]
                                                            : nullptr;
}

CellHandler handler_of_pair(const Insn &first, const Insn &second) {
  constexpr int kFarthest = INT16_MAX - 2;
  if (first.is_jump_class()) {
    bool fits = first.off == 1 && second.opcode == (KBPF_CLASS_JMP | KBPF_JMP_JA) && second.off <= kFarthest;
    return fits ? kPairHandlers[first.opcode][first.dst()] : nullptr;
  }
  bool copies = first.is_alu() && first.code() == KBPF_ALU_MOV && first.src_is_reg() && first.off == 0;
  // A 32-bit operation does not see that a 32-bit move has cleared the upper half.
  bool fits = copies && second.is_alu() && second.off == 0 && second.dst() == first.dst() &&
              second.src() < KBPF_REG_COUNT &&
              (first.cls() == KBPF_CLASS_ALU64 || second.cls() == KBPF_CLASS_ALU) &&
              (!second.src_is_reg() || second.src() != first.dst());
  return fits ? kPairHandlers[second.opcode][second.dst()] : nullptr;
}

uint64_t interpret(const InterpreterCode &code, uint64_t context, std::span<std::byte> stack,
                   uint64_t context_size) {
  Interpretation shared;
  shared.code = &code;
  shared.stack_low = reinterpret_cast<uint64_t>(stack.data());
  shared.tail_calls = shared.depth = 0;
  return execute(shared, code.program->subprograms()[0], {context, context_size},
                 reinterpret_cast<uint64_t>(stack.data() + stack.size()));
}

uint64_t run_callback(uint64_t handle, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5) {
  if (handle % 2 == 0)
    return reinterpret_cast<HelperFunction>(handle)(a1, a2, a3, a4, a5);
  Interpretation &shared = *pointer<Interpretation>(handle & ~(kHandleSpace - 1));
  // The callback may call helpers and make tail calls of its own; what the caller's helper call began with
  // comes back.
  const InterpreterCode *code = shared.code;
  uint64_t frame_bottom = shared.frame_bottom;
  uint32_t depth = shared.depth;
  uint64_t result = execute(shared, code->program->subprograms()[handle % kHandleSpace / 2],
                            {a1, a2, a3, a4, a5}, frame_bottom);
  shared.code = code;
  shared.frame_bottom = frame_bottom;
  shared.depth = depth;
  return result;
}

LastingCallback lasting_callback(uint64_t handle) {
  if (handle % 2 == 0)
    return {pointer<const void>(handle), LastingCallback::kMachineCode};
  const Interpretation &shared = *pointer<Interpretation>(handle & ~(kHandleSpace - 1));
  return {shared.code, static_cast<uint32_t>(handle % kHandleSpace / 2)};
}

uint64_t run_lasting(const LastingCallback &callback, uint64_t a1, uint64_t a2, uint64_t a3,
                     std::span<std::byte> stack) {
  if (callback.function == LastingCallback::kMachineCode)
    return reinterpret_cast<HelperFunction>(reinterpret_cast<uintptr_t>(callback.code))(a1, a2, a3, 0, 0);
  Interpretation shared;
  shared.code = static_cast<const InterpreterCode *>(callback.code);
  shared.stack_low = reinterpret_cast<uint64_t>(stack.data());
  shared.tail_calls = shared.depth = 0;
  return execute(shared, shared.code->program->subprograms()[callback.function], {a1, a2, a3, 0, 0},
                 reinterpret_cast<uint64_t>(stack.data() + stack.size()));
}

} // namespace kbpf
