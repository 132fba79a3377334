# SPDX-License-Identifier: MIT OR Apache-2.0
# cmake -DOUTPUT=file.S -DLIST=file -P embed_headers.cmake: assembler text that holds the files named in LIST (one
# "path-in-the-table|file" a line) and a table of them for embedded_fs.cpp.
file(STRINGS ${LIST} entries)
set(data ".section .rodata\n")
set(table ".section .data.rel.ro,\"aw\"\n.balign 8\n.globl bpfcc_embedded_files\nbpfcc_embedded_files:\n")
set(count 0)
foreach(entry IN LISTS entries)
  string(REPLACE "|" ";" entry "${entry}")
  list(GET entry 0 name)
  list(GET entry 1 path)
  string(APPEND data ".Lname${count}: .asciz \"${name}\"\n.Ldata${count}: .incbin \"${path}\"\n.Lend${count}: .byte 0\n")
  string(APPEND table ".quad .Lname${count}, .Ldata${count}, .Lend${count} - .Ldata${count}\n")
  math(EXPR count "${count} + 1")
endforeach()
string(APPEND table ".globl bpfcc_embedded_file_count\nbpfcc_embedded_file_count: .quad ${count}\n")
file(WRITE ${OUTPUT} "${data}${table}.section .note.GNU-stack,\"\",%progbits\n")
