# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds test/target and the program behind kbpf-jit for riscv64 Linux, and runs the tests under user-mode QEMU.
include(ExternalProject)
find_program(BPFCC_QEMU_RISCV64 qemu-riscv64 REQUIRED)
ExternalProject_Add(target_tests
  SOURCE_DIR ${CMAKE_SOURCE_DIR}/test/target
  BINARY_DIR ${CMAKE_BINARY_DIR}/target_tests
  CMAKE_GENERATOR Ninja
  CMAKE_ARGS
    -DCMAKE_TOOLCHAIN_FILE=${CMAKE_SOURCE_DIR}/cmake/riscv64-clang.cmake
    -DCMAKE_BUILD_TYPE=Release
    -DKBPF_BIN_DIR=${CMAKE_BINARY_DIR}/bin
  BUILD_ALWAYS ON
  INSTALL_COMMAND "")
add_test(NAME target.jit COMMAND ${BPFCC_QEMU_RISCV64} ${CMAKE_BINARY_DIR}/target_tests/jit_test)
set_tests_properties(target.jit PROPERTIES TIMEOUT 300)
add_test(NAME target.emulation COMMAND ${BPFCC_QEMU_RISCV64} ${CMAKE_BINARY_DIR}/target_tests/emulation_test)
