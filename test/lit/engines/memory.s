# SPDX-License-Identifier: MIT OR Apache-2.0
# Loads and stores of every width, in the memory that r1 points to and on the stack.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= r2 is the length of the memory: 5 memory=0102030405
r0 = r2
exit
#= no memory has length 0: 0
r0 = r2
exit
#= byte load zero-extends: ff memory=00ff00
r0 = *(u8 *)(r1 + 1)
exit
#= half-word load, unaligned: ff80 memory=0080ff00
r0 = *(u16 *)(r1 + 1)
exit
#= word load zero-extends: 80000001 memory=01000080
r0 = *(u32 *)(r1 + 0)
exit
#= double-word load: 8877665544332211 memory=001122334455667788
r0 = *(u64 *)(r1 + 1)
exit
#= sign-extending loads: ffffffffffffff7f memory=80ff7fffffffff
r0 = *(s8 *)(r1 + 0)
r2 = *(s16 *)(r1 + 1)
r3 = *(s32 *)(r1 + 3)
r2 -= 0x7fff
r0 += r2
r0 += r3
exit
#= load into its own base register: 22 memory=1122
r1 = *(u8 *)(r1 + 1)
r0 = r1
exit
#= byte store changes one byte: ffab memory=ffff
w2 = 0x12ab
*(u8 *)(r1 + 0) = w2
r0 = *(u16 *)(r1 + 0)
exit
#= store of an immediate sign-extends to 64 bits: ffffffffffffff9c memory=0000000000000000
*(u64 *)(r1 + 0) = -100
r0 = *(u64 *)(r1 + 0)
exit
#= stores of immediates of each width: 1234fe56789a memory=000000000000
*(u32 *)(r1 + 0) = 0x6789a
*(u8 *)(r1 + 2) = 0x56
*(u8 *)(r1 + 3) = 0x7ffe
*(u16 *)(r1 + 4) = 0x1234
r2 = *(u16 *)(r1 + 4)
r0 = *(u32 *)(r1 + 0)
r2 <<= 32
r0 |= r2
exit
#= the whole stack of 512 bytes is there: 3
r1 = 1
*(u64 *)(r10 - 512) = r1
r1 = 2
*(u64 *)(r10 - 8) = r1
r0 = *(u64 *)(r10 - 512)
r2 = *(u64 *)(r10 - 8)
r0 += r2
exit
#= stack through a computed pointer: 2a
r2 = r10
r2 += -256
*(u8 *)(r2 + 100) = 42
r0 = *(u8 *)(r10 - 156)
exit
#= offsets beyond 12 bits: 7 memory=07
r1 += -32767
r0 = *(u8 *)(r1 + 32767)
exit
#= checksum of an IPv4 header, its own field left out: b861 memory=45000073000040004011b861c0a80001c0a800c7
r0 = 0
r3 = r1
r3 += r2
r4 = 0
1: r5 = r1
r5 += r4
if r4 == 10 goto 2f
r6 = *(u16 *)(r5 + 0)
r6 = be16 r6
r0 += r6
2: r4 += 2
if r4 != 20 goto 1b
r6 = r0
r6 >>= 16
w0 &= 0xffff
r0 += r6
w0 ^= 0xffff
exit
