# SPDX-License-Identifier: MIT OR Apache-2.0
# RFC 9669 group divmul64: zero divisors, signs, the most negative number.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= product of wide registers: fffffffe00000001
r0 = 0xffffffff ll
r1 = 0xffffffff ll
r0 *= r1
exit
#= product wraps: fffffffffffffffe
r0 = 0x7fffffffffffffff ll
r0 *= 2
exit
#= quotient: 19999999
r0 = 0x100000000 ll
r0 /= 10
exit
#= quotient by a negative immediate is by a huge number: 1
r0 = -5
r0 /= -10
exit
#= division by zero: 0
r0 = 10
r1 = 0
r0 /= r1
exit
#= remainder by register: 4
r0 = 0x100000003 ll
r1 = 5
r0 %= r1
exit
#= remainder of a zero divisor is the dividend: 1234567890
r0 = 0x1234567890 ll
r1 = 0
r0 %= r1
exit
#= signed quotient: fffffffffffffffd
r0 = -13
r0 s/= 4
exit
#= smallest number by minus one: 8000000000000000
r0 = 0x8000000000000000 ll
r0 s/= -1
exit
#= signed division by zero: 0
r0 = -13
r1 = 0
r0 s/= r1
exit
#= signed remainder: ffffffffffffffff
r0 = -13
r0 s%= 3
exit
#= smallest number modulo minus one: 0
r0 = 0x8000000000000000 ll
r1 = -1
r0 s%= r1
exit
#= signed remainder of a zero divisor: fffffffffffffff3
r0 = -13
r1 = 0
r0 s%= r1
exit
