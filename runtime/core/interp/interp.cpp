// SPDX-License-Identifier: MIT OR Apache-2.0
// The interpreter: one handler for each opcode, and each handler jumps straight to the next (direct threading
// by computed goto). Frames of BPF functions lie on the given stack, growing down; what a call must bring
// back, r6 to r9, r10 and the place to go on, is kept beside it, out of the program's reach. A callback is a
// second execution on what is left of the same stack.
#include "core/interp/interp.h"
#include "core/interp/atomic.h"
#include "core/interp/callback.h"
#include "core/interp/memory.h"
#include "core/isa/arithmetic.h"
#include <iterator>

namespace kbpf {
namespace {

struct SavedFrame {
  const Insn *resume;
  const Subprogram *function;
  const VerifiedProgram *program;
  uint64_t registers[4]; // r6 .. r9
  uint64_t frame_pointer;
  uint64_t may_gotos; // that are left to it
};

// What the executions of one program share, and helpers that call back. A callback's handle is the address of
// this plus 2 * (index of the subprogram) + 1: odd, so that it is not an address of code.
constexpr uint64_t kHandleSpace = 512;
struct alignas(kHandleSpace) Interpretation {
  const VerifiedProgram *program;
  const Environment *environment;
  uint64_t stack_low;
  uint64_t frame_bottom; // of the function that calls a helper
  uint32_t tail_calls;   // so far
  uint32_t depth;        // of saved, when a helper is called
  // A tail call from within a subprogram leaves its callers waiting.
  SavedFrame saved[KBPF_MAX_CALL_FRAMES - 1 + KBPF_MAX_TAIL_CALLS];
};
static_assert(kHandleSpace / 2 >= 256); // subprograms of a program

const Subprogram *find_subprogram(std::span<const Subprogram> subprograms, uint32_t first) {
  size_t low = 0, high = subprograms.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (subprograms[middle].first < first)
      low = middle + 1;
    else
      high = middle;
  }
  return low < subprograms.size() && subprograms[low].first == first ? &subprograms[low] : nullptr;
}

uint64_t imm64(const Insn *insn) {
  return static_cast<uint32_t>(insn[0].imm) | static_cast<uint64_t>(static_cast<uint32_t>(insn[1].imm)) << 32;
}

} // namespace

// The tables of operations: name, code, and the result for operands a and b of type T.
#define BINARY_OPERATIONS(V)                                                                                 \
  V(add, KBPF_ALU_ADD, a + b)                                                                                \
  V(sub, KBPF_ALU_SUB, a - b)                                                                                \
  V(mul, KBPF_ALU_MUL, a *b)                                                                                 \
  V(div, KBPF_ALU_DIV, insn->off ? signed_divide(a, b) : divide(a, b))                                       \
  V(mod, KBPF_ALU_MOD, insn->off ? signed_modulo(a, b) : modulo(a, b))                                       \
  V(bit_or, KBPF_ALU_OR, a | b)                                                                              \
  V(bit_and, KBPF_ALU_AND, a &b)                                                                             \
  V(bit_xor, KBPF_ALU_XOR, a ^ b)                                                                            \
  V(lsh, KBPF_ALU_LSH, shift_left(a, b))                                                                     \
  V(rsh, KBPF_ALU_RSH, shift_right(a, b))                                                                    \
  V(arsh, KBPF_ALU_ARSH, shift_right_signed(a, b))
#define CONDITIONS(V)                                                                                        \
  V(jeq, KBPF_JMP_JEQ, a == b)                                                                               \
  V(jne, KBPF_JMP_JNE, a != b)                                                                               \
  V(jset, KBPF_JMP_JSET, (a & b) != 0)                                                                       \
  V(jgt, KBPF_JMP_JGT, a > b)                                                                                \
  V(jge, KBPF_JMP_JGE, a >= b)                                                                               \
  V(jlt, KBPF_JMP_JLT, a < b)                                                                                \
  V(jle, KBPF_JMP_JLE, a <= b)                                                                               \
  V(jsgt, KBPF_JMP_JSGT, static_cast<Signed>(a) > static_cast<Signed>(b))                                    \
  V(jsge, KBPF_JMP_JSGE, static_cast<Signed>(a) >= static_cast<Signed>(b))                                   \
  V(jslt, KBPF_JMP_JSLT, static_cast<Signed>(a) < static_cast<Signed>(b))                                    \
  V(jsle, KBPF_JMP_JSLE, static_cast<Signed>(a) <= static_cast<Signed>(b))
// name, size, type of the value, type that sign-extends it
#define SIZES(V)                                                                                             \
  V(b, KBPF_SIZE_B, uint8_t, int8_t)                                                                         \
  V(h, KBPF_SIZE_H, uint16_t, int16_t)                                                                       \
  V(w, KBPF_SIZE_W, uint32_t, int32_t)                                                                       \
  V(dw, KBPF_SIZE_DW, uint64_t, int64_t)

// Designated array elements and label addresses are extensions that clang has in C++.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc99-designator"
#pragma clang diagnostic ignored "-Winitializer-overrides"

// Runs a function of shared.program from arguments r1 to r5, its frame below frame_pointer.
static uint64_t execute(Interpretation &shared, const Subprogram *function, const uint64_t (&arguments)[5],
                        uint64_t frame_pointer) {
  // clang-format off: a table
#define BINARY_LABELS(name, code, result)                                                                    \
  [KBPF_CLASS_ALU64 | code | KBPF_SRC_K] = &&name##64_k,                                                     \
  [KBPF_CLASS_ALU64 | code | KBPF_SRC_X] = &&name##64_x,                                                     \
  [KBPF_CLASS_ALU | code | KBPF_SRC_K] = &&name##32_k,                                                       \
  [KBPF_CLASS_ALU | code | KBPF_SRC_X] = &&name##32_x,
#define CONDITION_LABELS(name, code, holds)                                                                  \
  [KBPF_CLASS_JMP | code | KBPF_SRC_K] = &&name##64_k,                                                       \
  [KBPF_CLASS_JMP | code | KBPF_SRC_X] = &&name##64_x,                                                       \
  [KBPF_CLASS_JMP32 | code | KBPF_SRC_K] = &&name##32_k,                                                     \
  [KBPF_CLASS_JMP32 | code | KBPF_SRC_X] = &&name##32_x,
#define SIZE_LABELS(name, size, Type, Extending)                                                             \
  [KBPF_CLASS_LDX | KBPF_MODE_MEM | size] = &&load_##name,                                                   \
  [KBPF_CLASS_LDX | KBPF_MODE_MEMSX | size] = &&load_sx_##name,                                              \
  [KBPF_CLASS_STX | KBPF_MODE_MEM | size] = &&store_x_##name,                                                \
  [KBPF_CLASS_ST | KBPF_MODE_MEM | size] = &&store_k_##name,                                                 \
  [KBPF_CLASS_STX | KBPF_MODE_ATOMIC | size] = &&atomic_##name,
  static const void *const handlers[256] = {
      [0 ... 255] = &&not_an_instruction,
      BINARY_OPERATIONS(BINARY_LABELS)
      CONDITIONS(CONDITION_LABELS)
      SIZES(SIZE_LABELS)
      [KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_K] = &&mov64_k,
      [KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_X] = &&mov64_x,
      [KBPF_CLASS_ALU | KBPF_ALU_MOV | KBPF_SRC_K] = &&mov32_k,
      [KBPF_CLASS_ALU | KBPF_ALU_MOV | KBPF_SRC_X] = &&mov32_x,
      [KBPF_CLASS_ALU64 | KBPF_ALU_NEG] = &&neg64,
      [KBPF_CLASS_ALU | KBPF_ALU_NEG] = &&neg32,
      [KBPF_CLASS_ALU | KBPF_ALU_END | KBPF_SRC_K] = &&to_le,
      [KBPF_CLASS_ALU | KBPF_ALU_END | KBPF_SRC_X] = &&to_be,
      [KBPF_CLASS_ALU64 | KBPF_ALU_END] = &&bswap,
      [KBPF_CLASS_JMP | KBPF_JMP_JA] = &&ja,
      [KBPF_CLASS_JMP32 | KBPF_JMP_JA] = &&ja32,
      [KBPF_OP_CALL] = &&call,
      [KBPF_OP_CALLX] = &&callx,
      [KBPF_OP_EXIT] = &&exit,
      [KBPF_OP_JCOND] = &&jcond,
      [KBPF_OP_LD_IMM64] = &&ld_imm64,
      [KBPF_CLASS_LD | KBPF_MODE_ABS | KBPF_SIZE_W] = &&packet_load,
      [KBPF_CLASS_LD | KBPF_MODE_ABS | KBPF_SIZE_H] = &&packet_load,
      [KBPF_CLASS_LD | KBPF_MODE_ABS | KBPF_SIZE_B] = &&packet_load,
      [KBPF_CLASS_LD | KBPF_MODE_IND | KBPF_SIZE_W] = &&packet_load,
      [KBPF_CLASS_LD | KBPF_MODE_IND | KBPF_SIZE_H] = &&packet_load,
      [KBPF_CLASS_LD | KBPF_MODE_IND | KBPF_SIZE_B] = &&packet_load,
  };
// clang-format on
#undef BINARY_LABELS
#undef CONDITION_LABELS
#undef SIZE_LABELS

  const Environment &environment = *shared.environment;
  const VerifiedProgram *program = shared.program; // another one after a tail call
  const uint32_t first_depth = shared.depth;
  uint32_t depth = first_depth;
  uint64_t may_gotos = 0;
  uint64_t r[16] = {}; // the encoding can name 16 registers, a verified program names 11
  __builtin_memcpy(&r[1], arguments, sizeof arguments);
  r[KBPF_REG_FP] = frame_pointer;
  const Insn *insn;

#define DST r[insn->dst()]
#define SRC r[insn->src()]
#define ADDRESS(reg) (r[insn->reg()] + static_cast<int64_t>(insn->off))
#define DISPATCH() goto *handlers[insn->opcode]
// What a helper needs that calls back.
#define PREPARE_CALLBACKS() shared.frame_bottom = r[KBPF_REG_FP] - function->stack_depth, shared.depth = depth
#define NEXT()                                                                                               \
  do {                                                                                                       \
    insn++;                                                                                                  \
    DISPATCH();                                                                                              \
  } while (0)

enter_function:
  insn = program->insns().data() + function->first;
  may_gotos = kMayGotoBudget;
  if (function->zero_stack)
    __builtin_memset(reinterpret_cast<void *>(r[KBPF_REG_FP] - function->stack_depth), 0,
                     function->stack_depth);
  DISPATCH();

// A 32-bit result is zero-extended by its assignment to the 64-bit register.
#define BINARY_HANDLER(label, T, operand, result)                                                            \
  label: {                                                                                                   \
    T a = static_cast<T>(DST), b = static_cast<T>(operand);                                                  \
    DST = static_cast<T>(result);                                                                            \
    NEXT();                                                                                                  \
  }
#define BINARY_HANDLERS(name, code, result)                                                                  \
  BINARY_HANDLER(name##64_k, uint64_t, int64_t{insn->imm}, result)                                           \
  BINARY_HANDLER(name##64_x, uint64_t, SRC, result)                                                          \
  BINARY_HANDLER(name##32_k, uint32_t, insn->imm, result)                                                    \
  BINARY_HANDLER(name##32_x, uint32_t, SRC, result)
  BINARY_OPERATIONS(BINARY_HANDLERS)
#undef BINARY_HANDLER
#undef BINARY_HANDLERS

mov64_k:
  DST = static_cast<uint64_t>(int64_t{insn->imm});
  NEXT();
mov64_x:
  DST = insn->off ? sign_extend(SRC, static_cast<unsigned>(insn->off)) : SRC;
  NEXT();
mov32_k:
  DST = static_cast<uint32_t>(insn->imm);
  NEXT();
mov32_x: {
  uint32_t source = static_cast<uint32_t>(SRC);
  DST = insn->off ? sign_extend(source, static_cast<unsigned>(insn->off)) : source;
  NEXT();
}
neg64:
  DST = -DST;
  NEXT();
neg32:
  DST = -static_cast<uint32_t>(DST);
  NEXT();
to_le: // registers hold numbers as little-endian machines do: only the truncation is left
  DST = truncate(DST, static_cast<unsigned>(insn->imm));
  NEXT();
to_be:
bswap:
  DST = swap_bytes(DST, static_cast<unsigned>(insn->imm));
  NEXT();
ld_imm64:
  DST = insn->src() == KBPF_PSEUDO_FUNC
            ? reinterpret_cast<uint64_t>(&shared) + 2 * static_cast<uint64_t>(insn->imm) + 1
            : imm64(insn);
  insn++;
  NEXT();

#define CONDITION_HANDLER(label, T, operand, holds)                                                          \
  label: {                                                                                                   \
    using Signed [[maybe_unused]] = std::make_signed_t<T>;                                                   \
    T a = static_cast<T>(DST), b = static_cast<T>(operand);                                                  \
    if (holds)                                                                                               \
      insn += insn->off;                                                                                     \
    NEXT();                                                                                                  \
  }
#define CONDITION_HANDLERS(name, code, holds)                                                                \
  CONDITION_HANDLER(name##64_k, uint64_t, int64_t{insn->imm}, holds)                                         \
  CONDITION_HANDLER(name##64_x, uint64_t, SRC, holds)                                                        \
  CONDITION_HANDLER(name##32_k, uint32_t, insn->imm, holds)                                                  \
  CONDITION_HANDLER(name##32_x, uint32_t, SRC, holds)
  CONDITIONS(CONDITION_HANDLERS)
#undef CONDITION_HANDLER
#undef CONDITION_HANDLERS

ja:
  insn += insn->off;
  NEXT();
ja32:
  insn += insn->imm;
  NEXT();
jcond:
  if (!insn->is_may_goto())
    goto not_an_instruction;
  if (may_gotos == 0)
    insn += insn->off;
  else
    may_gotos--;
  NEXT();

#define MEMORY_HANDLERS(name, size, Type, Extending)                                                         \
  load_##name : DST = load<Type>(ADDRESS(src));                                                              \
  NEXT();                                                                                                    \
  load_sx_##name : DST = static_cast<uint64_t>(int64_t{static_cast<Extending>(load<Type>(ADDRESS(src)))});   \
  NEXT();                                                                                                    \
  store_x_##name : store<Type>(ADDRESS(dst), static_cast<Type>(SRC));                                        \
  NEXT();                                                                                                    \
  store_k_##name : store<Type>(ADDRESS(dst), static_cast<Type>(int64_t{insn->imm}));                         \
  NEXT();                                                                                                    \
  atomic_##name : if (insn->imm == KBPF_ATOMIC_LOAD_ACQ) {                                                   \
    DST = load_acquire<Type>(ADDRESS(src));                                                                  \
    NEXT();                                                                                                  \
  }                                                                                                          \
  if (insn->imm == KBPF_ATOMIC_STORE_REL) {                                                                  \
    store_release<Type>(ADDRESS(dst), static_cast<Type>(SRC));                                               \
    NEXT();                                                                                                  \
  }                                                                                                          \
  if constexpr (sizeof(Type) >= 4) {                                                                         \
    if (atomic_modify<Type>(insn->imm, ADDRESS(dst), SRC, r[0]))                                             \
      NEXT();                                                                                                \
  }                                                                                                          \
  goto not_an_instruction;
  SIZES(MEMORY_HANDLERS)
#undef MEMORY_HANDLERS

call:
  if (insn->src() == 0) {
    HelperFunction helper = environment.helper(static_cast<uint32_t>(insn->imm));
    if (!helper && insn->is_tail_call() && environment.prog_array)
      goto tail_call;
    if (!helper)
      goto not_an_instruction;
    PREPARE_CALLBACKS();
    r[0] = helper(r[1], r[2], r[3], r[4], r[5]);
    NEXT();
  }
  if (insn->src() == KBPF_PSEUDO_KFUNC_CALL && environment.kernel_function) {
    HelperFunction called = environment.kernel_function(static_cast<uint32_t>(insn->imm));
    if (!called)
      goto not_an_instruction;
    PREPARE_CALLBACKS();
    r[0] = called(r[1], r[2], r[3], r[4], r[5]);
    NEXT();
  }
  if (insn->src() == KBPF_PSEUDO_CALL) {
    const Insn *target = insn + 1 + insn->imm;
    const Subprogram *callee =
        find_subprogram(program->subprograms(), static_cast<uint32_t>(target - program->insns().data()));
    if (!callee || depth == std::size(shared.saved))
      goto not_an_instruction;
    shared.saved[depth++] = {insn + 1,       function, program, {r[6], r[7], r[8], r[9]},
                             r[KBPF_REG_FP], may_gotos};
    r[KBPF_REG_FP] -= function->stack_depth;
    function = callee;
    goto enter_function;
  }
  goto not_an_instruction;

// The program in the slot takes the place of this function. r6 to r9 are its own, whatever they hold. As on
// Linux an empty slot costs one of the calls.
tail_call: {
  uint64_t map = r[2];
  uint32_t index = static_cast<uint32_t>(r[3]);
  if (index >= load<uint32_t>(map + environment.prog_array->count) ||
      shared.tail_calls == KBPF_MAX_TAIL_CALLS)
    NEXT();
  shared.tail_calls++;
  uint64_t slot = map + environment.prog_array->slots + sizeof(uint64_t) * index;
  auto *target = pointer<const VerifiedProgram>(load_acquire<uint64_t>(slot));
  if (!target || r[KBPF_REG_FP] - shared.stack_low < target->stack_depth())
    NEXT();
  shared.program = program = target;
  function = &program->subprograms()[0];
  goto enter_function;
}

packet_load: {
  if (!environment.load_packet)
    goto not_an_instruction;
  uint32_t offset = static_cast<uint32_t>(insn->imm);
  if (insn->mode() == KBPF_MODE_IND)
    offset += static_cast<uint32_t>(SRC);
  int64_t value = environment.load_packet(r[6], offset, insn->access_bytes());
  r[0] = value < 0 ? 0 : static_cast<uint64_t>(value);
  if (value < 0)
    goto exit;
  NEXT();
}

callx: {
  HelperFunction helper = environment.helper(static_cast<uint32_t>(DST));
  if (!helper)
    goto not_an_instruction;
  PREPARE_CALLBACKS();
  r[0] = helper(r[1], r[2], r[3], r[4], r[5]);
  NEXT();
}

exit:
  if (depth == first_depth)
    return r[0];
  {
    const SavedFrame &frame = shared.saved[--depth];
    insn = frame.resume;
    function = frame.function;
    shared.program = program = frame.program;
    may_gotos = frame.may_gotos;
    __builtin_memcpy(&r[6], frame.registers, sizeof frame.registers);
    r[KBPF_REG_FP] = frame.frame_pointer;
    DISPATCH();
  }

not_an_instruction: // a verified program does not come here; anything else ends instead of running on
  return r[0];
#undef DST
#undef SRC
#undef ADDRESS
#undef DISPATCH
#undef NEXT
#undef PREPARE_CALLBACKS
}
#pragma clang diagnostic pop

uint64_t interpret(const VerifiedProgram &program, const Environment &environment, uint64_t context,
                   std::span<std::byte> stack, uint64_t context_size) {
  Interpretation shared;
  shared.program = &program;
  shared.environment = &environment;
  shared.stack_low = reinterpret_cast<uint64_t>(stack.data());
  shared.tail_calls = shared.depth = 0;
  return execute(shared, &program.subprograms()[0], {context, context_size},
                 reinterpret_cast<uint64_t>(stack.data() + stack.size()));
}

uint64_t run_callback(uint64_t handle, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5) {
  if (handle % 2 == 0)
    return reinterpret_cast<HelperFunction>(handle)(a1, a2, a3, a4, a5);
  Interpretation &shared = *pointer<Interpretation>(handle & ~(kHandleSpace - 1));
  // The callback may call helpers and make tail calls of its own; what the caller's helper call began with
  // comes back.
  const VerifiedProgram *program = shared.program;
  uint64_t frame_bottom = shared.frame_bottom;
  uint32_t depth = shared.depth;
  uint64_t result =
      execute(shared, &program->subprograms()[handle % kHandleSpace / 2], {a1, a2, a3, a4, a5}, frame_bottom);
  shared.program = program;
  shared.frame_bottom = frame_bottom;
  shared.depth = depth;
  return result;
}

} // namespace kbpf
