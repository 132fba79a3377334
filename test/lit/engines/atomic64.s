# SPDX-License-Identifier: MIT OR Apache-2.0
# RFC 9669 group atomic64: each operation, with and without the old value.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= add without fetch: fffffffffffffffe
r1 = 3
*(u64 *)(r10 - 8) = r1
r2 = -5
lock *(u64 *)(r10 - 8) += r2
r0 = *(u64 *)(r10 - 8)
exit
#= and, or, xor without fetch: f00f0f000000000f
r1 = 0xff00ff0000000000 ll
*(u64 *)(r10 - 8) = r1
r2 = 0xf0f0f00000000000 ll
lock *(u64 *)(r10 - 8) &= r2
r2 = 0x000f0f00000000ff ll
lock *(u64 *)(r10 - 8) |= r2
r2 = 0x0000f000000000f0 ll
lock *(u64 *)(r10 - 8) ^= r2
r0 = *(u64 *)(r10 - 8)
exit
#= fetch and add of a register to its own memory cell: 1234567800000001
r1 = 0x1234567800000001 ll
*(u64 *)(r10 - 8) = r1
r0 = 1
r0 = atomic_fetch_add((u64 *)(r10 - 8), r0)
exit
#= fetch of and, or, xor gives what was there before: ff0f0f
r1 = 0xff
*(u64 *)(r10 - 16) = r1
r2 = 0x0f
r2 = atomic_fetch_and((u64 *)(r10 - 16), r2)
r0 = r2
r0 <<= 16
r3 = 0xf0
r3 = atomic_fetch_or((u64 *)(r10 - 16), r3)
r3 <<= 8
r0 |= r3
r4 = 0xf0
r4 = atomic_fetch_xor((u64 *)(r10 - 16), r4)
r5 = *(u64 *)(r10 - 16)
r4 ^= 0xff
r0 |= r4
r0 |= r5
exit
#= exchange: 8000000000000002
r1 = 0x8000000000000002 ll
*(u64 *)(r10 - 8) = r1
r0 = 9
r0 = xchg_64(r10 - 8, r0)
exit
#= compare and exchange that succeeds: 6
r1 = 0x100000001 ll
*(u64 *)(r10 - 8) = r1
r0 = r1
r2 = 6
r0 = cmpxchg_64(r10 - 8, r0, r2)
r0 = *(u64 *)(r10 - 8)
exit
#= compare and exchange that fails leaves memory alone: 100000001
r1 = 0x100000001 ll
*(u64 *)(r10 - 8) = r1
r0 = 1
r2 = 6
r0 = cmpxchg_64(r10 - 8, r0, r2)
r1 = *(u64 *)(r10 - 8)
if r0 != r1 goto +1
exit
r0 = 0
exit
#= fetch into a copy leaves the original and gives the old value: 503
r1 = 3
*(u64 *)(r10 - 8) = r1
r6 = 5
r0 = r6
r0 = atomic_fetch_add((u64 *)(r10 - 8), r0)
r6 <<= 8
r0 |= r6
exit
#= exchange of a copy of the frame pointer: 9
r1 = 9
*(u64 *)(r10 - 8) = r1
r0 = r10
r0 = xchg_64(r10 - 8, r0)
exit
#= fetch where the copy is the address, too: 1
r2 = r10
r2 += -8
*(u64 *)(r10 - 8) = 1
r3 = r2
r3 = atomic_fetch_add((u64 *)(r3 + 0), r3)
r0 = r3
exit
