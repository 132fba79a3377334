# SPDX-License-Identifier: MIT OR Apache-2.0
# Calls of BPF functions and helpers.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= function of two arguments: 1f
r1 = 10
r2 = 3
pseudo_call .Lcalls0
r0 += 1
exit
.Lcalls0: r0 = r1
r0 *= r2
exit
#= r6 to r9 are the caller's again: 1e
r6 = 6
r7 = 7
r8 = 8
r9 = 9
pseudo_call .Lcalls1
r0 += r6
r0 += r7
r0 += r8
r0 += r9
exit
.Lcalls1: r6 = 100
r7 = 100
r8 = 100
r9 = 100
r0 = 0
exit
#= a pointer into the caller's frame is good in the callee: 2a
r1 = r10
r1 += -8
*(u64 *)(r10 - 8) = 0
pseudo_call .Lcalls2
r0 = *(u64 *)(r10 - 8)
exit
.Lcalls2: *(u64 *)(r10 - 8) = 99
*(u64 *)(r1 + 0) = 42
r0 = 0
exit
#= each of two nested functions has a frame of its own: 321
*(u64 *)(r10 - 8) = 1
pseudo_call .Lcalls3
r1 = *(u64 *)(r10 - 8)
r0 += r1
exit
.Lcalls3: *(u64 *)(r10 - 8) = 0x20
pseudo_call .Lcalls4
r1 = *(u64 *)(r10 - 8)
r0 += r1
exit
.Lcalls4: *(u64 *)(r10 - 8) = 0x300
r0 = *(u64 *)(r10 - 8)
exit
#= a helper keeps r6 and gives r0: 7
r6 = 7
call 8
r0 += r6
exit
#= eight frames are allowed: 7
pseudo_call .Lcalls5
exit
.Lcalls5: pseudo_call .Lcalls6
r0 += 1
exit
.Lcalls6: pseudo_call .Lcalls7
r0 += 1
exit
.Lcalls7: pseudo_call .Lcalls8
r0 += 1
exit
.Lcalls8: pseudo_call .Lcalls9
r0 += 1
exit
.Lcalls9: pseudo_call .Lcalls10
r0 += 1
exit
.Lcalls10: pseudo_call .Lcalls11
r0 += 1
exit
.Lcalls11: r0 = 1
exit
#= a helper by the number in a register: 8
r6 = 1
r1 = 7
r4 = 8
.byte 0x8d, 0x04, 0, 0, 0, 0, 0, 0
r0 += r6
r0 += 7
exit
