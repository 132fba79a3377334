// SPDX-License-Identifier: MIT OR Apache-2.0
// Atomic operations of interpreted programs (RFC 9669 section 5.3; load-acquire and store-release as in
// Linux). The address must be aligned to the operand.
#pragma once
#include "abi/insn.h"
#include "core/interp/memory.h"

namespace kbpf {

// Read-modify-write of a T (uint32_t or uint64_t) at address. Fetch forms put the old value, zero-extended,
// into src; compare-and-exchange compares with the low bits of r0 and always puts the old value,
// zero-extended, into r0. False: not an operation.
template <typename T> bool atomic_modify(int32_t operation, uint64_t address, uint64_t &src, uint64_t &r0) {
  auto *target = pointer<T>(address);
  T operand = static_cast<T>(src);
  T old;
  switch (operation) {
  case KBPF_ATOMIC_ADD:
  case KBPF_ATOMIC_ADD | KBPF_ATOMIC_FETCH:
    old = __atomic_fetch_add(target, operand, __ATOMIC_SEQ_CST);
    break;
  case KBPF_ATOMIC_OR:
  case KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH:
    old = __atomic_fetch_or(target, operand, __ATOMIC_SEQ_CST);
    break;
  case KBPF_ATOMIC_AND:
  case KBPF_ATOMIC_AND | KBPF_ATOMIC_FETCH:
    old = __atomic_fetch_and(target, operand, __ATOMIC_SEQ_CST);
    break;
  case KBPF_ATOMIC_XOR:
  case KBPF_ATOMIC_XOR | KBPF_ATOMIC_FETCH:
    old = __atomic_fetch_xor(target, operand, __ATOMIC_SEQ_CST);
    break;
  case KBPF_ATOMIC_XCHG:
    old = __atomic_exchange_n(target, operand, __ATOMIC_SEQ_CST);
    break;
  case KBPF_ATOMIC_CMPXCHG: {
    T expected = static_cast<T>(r0);
    __atomic_compare_exchange_n(target, &expected, operand, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    r0 = expected;
    return true;
  }
  default:
    return false;
  }
  if (operation & KBPF_ATOMIC_FETCH)
    src = old;
  return true;
}

} // namespace kbpf
