/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A part of a process's memory as BPF programs know it: Linux's names for what this kernel has of it. C and
 * C++ both read it: in C it gives the BTF its names. */
#ifndef REFKERNEL_MM_VM_AREA_STRUCT_H
#define REFKERNEL_MM_VM_AREA_STRUCT_H

enum { VM_READ = 0x1, VM_WRITE = 0x2, VM_EXEC = 0x4, VM_SHARED = 0x8 }; /* vm_flags */

struct vm_area_struct {
  unsigned long vm_start, vm_end;
  unsigned long vm_flags;
  unsigned long vm_pgoff; /* of the file that is mapped, in pages */
};

#endif
