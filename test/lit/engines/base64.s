# SPDX-License-Identifier: MIT OR Apache-2.0
# RFC 9669 group base64, arithmetic and jumps.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= addition of a negative immediate: ffffffffffffffff
r0 = 1
r0 += -2
exit
#= subtraction of itself: 0
r0 = 99
r0 -= r0
exit
#= and with a sign-extended immediate keeps the upper half: ffffffff00000000
r0 = -1
r1 = 32
r0 <<= r1
r0 &= -16
exit
#= xor of registers: ff00ff00ff00ff00
r0 = 0xff00ff0000ff00ff ll
r1 = 0x00000000ffffffff ll
r0 ^= r1
exit
#= shift counts are taken modulo 64: 4
r0 = 2
r1 = 65
r0 <<= r1
exit
#= logical right shift: 1
r0 = 0x8000000000000000 ll
r0 >>= 63
exit
#= arithmetic right shift: ffffffffffffffff
r0 = 0x8000000000000000 ll
r0 s>>= 63
exit
#= negation: ffffffffffffff85
r0 = 123
r0 = -r0
exit
#= sign-extending moves of 8, 16 and 32 bits: ffffffff7fff7f80
r1 = 0x80
r2 = 0x8000
r3 = 0x80000000 ll
r1 = (s8)r1
r2 = (s16)r2
r3 = (s32)r3
r0 = r1
r0 += r2
r0 += r3
exit
#= unsigned comparison of 64 bits takes -1 as the largest: 1
r0 = 0
r1 = 0x7fffffffffffffff ll
if r1 > -1 goto 1f
r0 = 1
1: exit
#= signed comparison of 64 bits takes -1 as small: 1
r0 = 1
r1 = 0
if r1 s> -1 goto 1f
r0 = 0
1: exit
#= equality looks at all bits: 1
r0 = 1
r1 = 0x100000001 ll
if r1 != 1 goto 1f
r0 = 0
1: exit
#= jset with a negative immediate sees the upper half: 1
r0 = 1
r1 = 0x4000000000000000 ll
if r1 & -8 goto 1f
r0 = 0
1: exit
#= each comparison of registers once: ff
r0 = 0
r1 = -5
r2 = 5
if r1 > r2 goto +1
exit
r0 |= 1
if r2 < r1 goto +1
exit
r0 |= 2
if r1 >= r1 goto +1
exit
r0 |= 4
if r2 <= r1 goto +1
exit
r0 |= 8
if r2 s> r1 goto +1
exit
r0 |= 16
if r1 s< r2 goto +1
exit
r0 |= 32
if r1 s>= r1 goto +1
exit
r0 |= 64
if r1 s<= r2 goto +1
exit
r0 |= 128
exit
#= sum of 1 to 1000 by a loop: 7a314
r0 = 0
r1 = 1000
1: r0 += r1
r1 -= 1
if r1 != 0 goto 1b
exit
#= 97 is prime, by trial division: 1
r1 = 97
r2 = 2
r0 = 1
1: r3 = r2
r3 *= r2
if r3 > r1 goto 2f
r4 = r1
r4 %= r2
r2 += 1
if r4 != 0 goto 1b
r0 = 0
2: exit
