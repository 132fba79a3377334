# SPDX-License-Identifier: MIT OR Apache-2.0
# Conversions between byte orders, and swaps without condition.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= be16 reverses two bytes and clears the rest: 3412
r0 = 0xaaaa1234
r0 = be16 r0
exit
#= be32: 78563412
r0 = 0xffffffff12345678 ll
r0 = be32 r0
exit
#= be64: efcdab8967452301
r0 = 0x0123456789abcdef ll
r0 = be64 r0
exit
#= le16 truncates: 5678
r0 = 0xffffffff12345678 ll
r0 = le16 r0
exit
#= le32 truncates: 12345678
r0 = 0xffffffff12345678 ll
r0 = le32 r0
exit
#= le64 changes nothing: ffffffff12345678
r0 = 0xffffffff12345678 ll
r0 = le64 r0
exit
#= bswap16 clears the rest: 7856
r0 = 0xffffffff12345678 ll
r0 = bswap16 r0
exit
#= bswap32 clears the rest: 78563412
r0 = 0xffffffff12345678 ll
r0 = bswap32 r0
exit
#= bswap64: 78563412ffffffff
r0 = 0xffffffff12345678 ll
r0 = bswap64 r0
exit
