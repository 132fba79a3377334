# SPDX-License-Identifier: MIT OR Apache-2.0
# RFC 9669 group base32, arithmetic and jumps: 32-bit results are zero-extended.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= addition wraps and clears the upper half: 1
r0 = -1
w0 += 2
exit
#= subtraction wraps: fffffffe
w0 = 3
w1 = 5
w0 -= w1
exit
#= or with a negative immediate stays in the low half: ffff8001
w0 = 1
w0 |= -32768
exit
#= and by register ignores upper halves: f0
r1 = 0xfffffff0 ll
r0 = 0xff000000ff ll
w0 &= w1
exit
#= xor of a register with itself: 0
r0 = -7
w0 ^= w0
exit
#= left shift by register takes the count modulo 32: 2
w0 = 1
w1 = 33
w0 <<= w1
exit
#= right shift is logical: 7fffffff
r0 = -1
w0 >>= 1
exit
#= right shift by zero still clears the upper half: ffffffff
r0 = -1
w0 >>= 0
exit
#= arithmetic shift copies bit 31: f8000000
w0 = 0x80000000
w0 s>>= 4
exit
#= arithmetic shift by register, count modulo 32: c0000000
w0 = 0x80000000
w1 = 65
w0 s>>= w1
exit
#= negation of the smallest number: 80000000
r0 = 0x180000000 ll
w0 = -w0
exit
#= negation of one: ffffffff
w0 = 1
w0 = -w0
exit
#= move of a register clears the upper half: ffffffff
r1 = -1
w0 = w1
exit
#= sign-extending move from 8 bits: ffffff80
r1 = 0x1280
w0 = (s8)w1
exit
#= sign-extending move from 16 bits: ffff8001
r1 = 0x7fff8001
w0 = (s16)w1
exit
#= wide immediate of both halves: 123456789abcdef0
r0 = 0x123456789abcdef0 ll
exit
#= jumps of 32 bits compare the low halves: 1
r0 = 0
r1 = 0x100000005 ll
if w1 != 5 goto 1f
r0 = 1
1: exit
#= signed comparison of 32 bits sees bit 31: 1
r0 = 0
w1 = 0x80000000
if w1 s> 0 goto 1f
if w1 s< -1 goto 2f
goto 1f
2: r0 = 1
1: exit
#= unsigned comparison of 32 bits with a negative immediate: 1
r0 = 0
r1 = 0xfffffff0
if w1 > -1 goto 1f
if w1 < -15 goto 2f
goto 1f
2: r0 = 1
1: exit
#= jset of 32 bits does not see the upper half: 1
r0 = 1
r1 = 0xff00000000 ll
if w1 & -1 goto 1f
exit
1: r0 = 0
exit
#= goto over an exit: 7
r0 = 7
goto 1f
exit
2: exit
1: goto 2b
#= long goto forwards and backwards: 3
r0 = 1
gotol 2f
1: r0 += 1
exit
2: r0 += 1
gotol 1b
