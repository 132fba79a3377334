# SPDX-License-Identifier: MIT OR Apache-2.0
# RFC 9669 group packet: the loads of classic BPF, from the packet that r6 stands for (here: the memory).
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= byte at a fixed offset: 22 memory=112233
r6 = r1
r0 = *(u8 *)skb[1]
exit
#= half-word in network order: 2233 memory=112233
r6 = r1
r0 = *(u16 *)skb[1]
exit
#= word with bit 31 is zero-extended: 81223344 memory=81223344
r6 = r1
r0 = -1
r0 = *(u32 *)skb[0]
exit
#= offset in a register, and an immediate: 44 memory=1122334455
r6 = r1
r7 = 2
.byte 0x50, 0x70, 0, 0, 1, 0, 0, 0
exit
#= offsets are added in 32 bits: 11 memory=1122334455
r6 = r1
r7 = 0xffffffff00001000 ll
.byte 0x50, 0x70, 0, 0
.long -0x1000
exit
#= beyond the end, the program ends with 0: 0 memory=112233
r6 = r1
r0 = *(u16 *)skb[2]
r0 = 99
exit
#= beyond the end, only the function ends: 7 memory=11
r6 = r1
pseudo_call .Lpacket0
r0 += 7
exit
.Lpacket0: r0 = *(u32 *)skb[0]
r0 = 99
exit
#= r6 to r9 are kept: 1233 memory=112233
r6 = r1
r7 = 0x1200
r0 = *(u8 *)skb[2]
r0 |= r7
exit
