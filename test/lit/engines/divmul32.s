# SPDX-License-Identifier: MIT OR Apache-2.0
# RFC 9669 group divmul32: zero divisors, signs, the most negative number.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= product keeps the low 32 bits: fffffffe
r0 = 0xffffffff
w0 *= 2
exit
#= product with a negative immediate: fffffff1
w0 = 5
w0 *= -3
exit
#= quotient ignores the upper half of the divisor: 2
w0 = 10
r1 = 0x100000005 ll
w0 /= w1
exit
#= quotient of a dividend with bit 31: 40000000
w0 = 0x80000000
w0 /= 2
exit
#= division by a register whose low half is zero: 0
w0 = 10
r1 = 0x100000000 ll
w0 /= w1
exit
#= remainder: 2
w0 = 17
w0 %= 5
exit
#= remainder of a zero divisor is the low half: ffffffff
r0 = -1
w1 = 0
w0 %= w1
exit
#= signed quotient truncates: fffffffd
w0 = -7
w0 s/= 2
exit
#= signed quotient by register: 3
w0 = -7
w1 = -2
w0 s/= w1
exit
#= smallest number by minus one: 80000000
w0 = 0x80000000
w1 = -1
w0 s/= w1
exit
#= signed division by zero: 0
w0 = -7
w1 = 0
w0 s/= w1
exit
#= signed remainder has the sign of the dividend: ffffffff
w0 = -7
w1 = 2
w0 s%= w1
exit
#= signed remainder by a negative immediate: 1
w0 = 7
w0 s%= -2
exit
#= smallest number modulo minus one: 0
w0 = 0x80000000
w1 = -1
w0 s%= w1
exit
#= signed remainder of a zero divisor: fffffff9
w0 = -7
w1 = 0
w0 s%= w1
exit
