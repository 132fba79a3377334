# SPDX-License-Identifier: MIT OR Apache-2.0
# Corners of what -mcpu=v4 and Linux add: moves, loads and jumps that sign-extend or reach far, may_goto.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= sign-extending move of 32 bits clears the upper half: ffffff80
r1 = 0xffffffff00000080 ll
w0 = (s8)w1
exit
#= sign-extending move of 16 bits in 32 of a positive number: 7fff
r1 = 0xffffffffffff7fff ll
w0 = (s16)w1
exit
#= sign-extending move of 8 bits onto itself: ffffffffffffff80
r0 = 0x12345680
r0 = (s8)r0
exit
#= sign-extending move of 32 bits ignores the upper half: ffffffff80000000
r1 = 0x7fffffff80000000 ll
r0 = (s32)r1
exit
#= sign-extending load of a word with bit 31: ffffffff80000001 memory=01000080
r0 = *(s32 *)(r1 + 0)
exit
#= sign-extending load of a half-word, unaligned: ffffffffffff8001 memory=000180
r0 = *(s16 *)(r1 + 1)
exit
#= sign-extending load of a positive byte: 7f memory=7f
r0 = *(s8 *)(r1 + 0)
exit
#= signed quotient of 32 bits takes the low halves: fffffffe
r0 = 0x1fffffffa ll
r1 = 0x700000003 ll
w0 s/= w1
exit
#= signed remainder of 32 bits, zero-extended: ffffffff
r0 = -7
w0 s%= 3
exit
#= smallest number of 32 bits by minus one, with dirty upper halves: 80000000
r0 = 0x7780000000 ll
r1 = 0x55ffffffff ll
w0 s/= w1
exit
#= signed quotient by minus one, immediate: fffffffffffffffb
r0 = 5
r0 s/= -1
exit
#= smallest number modulo minus one, immediate: 0
r0 = 0x8000000000000000 ll
r0 s%= -1
exit
#= bswap16 looks at two bytes only: 2301
r0 = 0xffffffffffff0123 ll
r0 = bswap16 r0
exit
#= bswap32 clears the upper half: 67452301
r0 = 0xffffffff01234567 ll
r0 = bswap32 r0
exit
#= long goto by its immediate, over 40000 instructions: 3
r0 = 1
gotol .Lfar
.rept 40000
r0 += 100
.endr
.Lfar: r0 += 2
exit
#= long goto backwards: 5
r0 = 2
gotol .Lover
.Lback: r0 += 3
exit
.Lover: gotol .Lback
#= may_goto falls through: 7
r0 = 7
may_goto .Lnever
exit
.Lnever: r0 = 0
exit
#= may_goto passes 8388608 times: 800000
r0 = 0
.Lagain: may_goto .Lenough
r0 += 1
goto .Lagain
.Lenough: exit
#= each frame has may_gotos of its own: 8
r6 = 5
pseudo_call .Lown
r0 += r6
exit
.Lown: r0 = 0
.Lthrice: may_goto .Ldone
r0 += 1
if r0 < 3 goto .Lthrice
.Ldone: exit
