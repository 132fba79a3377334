# SPDX-License-Identifier: MIT OR Apache-2.0
# RFC 9669 group atomic32: each operation, with and without the old value.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= add without fetch leaves the source alone: 5
r1 = 3
*(u64 *)(r10 - 8) = r1
w2 = 2
lock *(u32 *)(r10 - 8) += w2
r0 = *(u64 *)(r10 - 8)
if w2 != 2 goto +1
exit
r0 = 0
exit
#= add does not carry into the next word: 100000000
r1 = 0x1ffffffff ll
*(u64 *)(r10 - 8) = r1
w2 = 1
lock *(u32 *)(r10 - 8) += w2
r0 = *(u64 *)(r10 - 8)
exit
#= and, or, xor without fetch: f00f
w1 = 0xff00
*(u32 *)(r10 - 4) = w1
w2 = 0xf0f0
lock *(u32 *)(r10 - 4) &= w2
w2 = 0xff
lock *(u32 *)(r10 - 4) |= w2
w2 = 0xf0
lock *(u32 *)(r10 - 4) ^= w2
r0 = *(u32 *)(r10 - 4)
exit
#= fetched value is zero-extended: 80000001
w1 = 0x80000001
*(u32 *)(r10 - 4) = w1
r0 = -1
w0 = atomic_fetch_add((u32 *)(r10 - 4), w0)
exit
#= fetch and add stores the sum: 7
w1 = 3
*(u32 *)(r10 - 4) = w1
w2 = 4
w2 = atomic_fetch_add((u32 *)(r10 - 4), w2)
r0 = *(u32 *)(r10 - 4)
exit
#= fetch of and, or, xor gives what was there before: f0f0ff
w1 = 0xff
*(u32 *)(r10 - 4) = w1
w2 = 0xf0
w2 = atomic_fetch_and((u32 *)(r10 - 4), w2)
w3 = 0x0f
w3 = atomic_fetch_xor((u32 *)(r10 - 4), w3)
w0 = w2
w3 <<= 8
w0 |= w3
w4 = 0x100
w4 = atomic_fetch_or((u32 *)(r10 - 4), w4)
w4 ^= 0x0f
w4 <<= 16
w0 |= w4
exit
#= exchange zero-extends: ffffffff
w1 = -1
*(u32 *)(r10 - 4) = w1
r0 = 9
w0 = xchg32_32(r10 - 4, w0)
exit
#= compare and exchange compares low halves: 5
w1 = -1
*(u32 *)(r10 - 4) = w1
r0 = 0x77ffffffff ll
w2 = 5
w0 = cmpxchg32_32(r10 - 4, w0, w2)
r0 = *(u32 *)(r10 - 4)
exit
#= compare and exchange that fails gives the value, zero-extended: 80000000
w1 = 0x80000000
*(u32 *)(r10 - 4) = w1
r0 = -1
w2 = 5
w0 = cmpxchg32_32(r10 - 4, w0, w2)
exit
#= fetch into a 32-bit copy: 80000004
w1 = 0x80000004
*(u32 *)(r10 - 4) = w1
r6 = -1
w0 = w6
w0 = atomic_fetch_and((u32 *)(r10 - 4), w0)
exit
