# SPDX-License-Identifier: MIT OR Apache-2.0
# Load-acquire and store-release of each width.
# RUN: %python %S/Inputs/run_cases.py %s %bindir

#= load-acquire of a byte zero-extends: ff memory=00ff00
r0 = -1 ll
load_acquire 1, 0, 1, 1
exit
#= load-acquire of a half-word zero-extends: ff80 memory=000080ff
r0 = -1 ll
load_acquire 2, 0, 1, 2
exit
#= load-acquire of a word zero-extends: 80000001 memory=0000000001000080
r0 = -1 ll
load_acquire 4, 0, 1, 4
exit
#= load-acquire of a double-word: 8877665544332211 memory=1122334455667788
load_acquire 8, 0, 1, 0
exit
#= load-acquire into its own base register: 2a memory=2a00000000000000
load_acquire 8, 1, 1, 0
r0 = r1
exit
#= load-acquire from the stack, with a negative offset: 7
r2 = 7
*(u32 *)(r10 - 12) = r2
load_acquire 4, 0, 10, -12
exit
#= store-release of a byte changes one byte: ffffffffffffab memory=ffffffffffffff00
r2 = 0x12ab
store_release 1, 1, 0, 2
r0 = *(u64 *)(r1 + 0)
exit
#= store-release of a half-word changes two bytes: 34ab memory=00000000
r2 = 0x1234ab
store_release 2, 1, 0, 2
r0 = *(u32 *)(r1 + 0)
exit
#= store-release of a word leaves the upper one alone: ffffffff00000005 memory=ffffffffffffffff
r2 = 0x700000005 ll
store_release 4, 1, 0, 2
r0 = *(u64 *)(r1 + 0)
exit
#= store-release of a double-word, to the stack: 8000000000000001
r2 = 0x8000000000000001 ll
store_release 8, 10, -16, 2
r0 = *(u64 *)(r10 - 16)
exit
#= offsets beyond 12 bits: 2a memory=0000000000000000
r2 = 42
r1 += -4096
store_release 8, 1, 4096, 2
load_acquire 8, 0, 1, 4096
exit
