# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds runtime/ for the kernel: build/kernel/{libkbpf.a, kernel.elf}, and the kernel's types, kernel.btf, which
# bpfcc embeds: so bpfcc is built after the kernel. Ninja decides what is out of date.
include(ExternalProject)
ExternalProject_Add(kernel
  SOURCE_DIR ${CMAKE_SOURCE_DIR}/runtime
  BINARY_DIR ${CMAKE_BINARY_DIR}/kernel
  CMAKE_GENERATOR Ninja
  CMAKE_ARGS
    -DCMAKE_TOOLCHAIN_FILE=${CMAKE_SOURCE_DIR}/cmake/kernel.cmake
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    -DKBPF_KERNEL_TYPES=$<TARGET_FILE:kbpf-kernel-types>
    "-DKBPF_PROGRAM_HEADERS=${CMAKE_SOURCE_DIR}/bpfcc/frontend/include$<SEMICOLON>${CMAKE_BINARY_DIR}/bpfcc/frontend/include"
  BUILD_ALWAYS ON
  USES_TERMINAL_BUILD ON
  BUILD_BYPRODUCTS ${CMAKE_BINARY_DIR}/kernel/refkernel/kernel.btf
  DEPENDS kbpf-kernel-types bpfcc_abi_headers
  INSTALL_COMMAND "")
