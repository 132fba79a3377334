# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds runtime/ for the kernel: build/kernel/{libkbpf.a, kernel.elf}. Ninja decides what is out of date.
include(ExternalProject)
ExternalProject_Add(kernel
  SOURCE_DIR ${CMAKE_SOURCE_DIR}/runtime
  BINARY_DIR ${CMAKE_BINARY_DIR}/kernel
  CMAKE_GENERATOR Ninja
  CMAKE_ARGS
    -DCMAKE_TOOLCHAIN_FILE=${CMAKE_SOURCE_DIR}/cmake/kernel.cmake
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
  BUILD_ALWAYS ON
  USES_TERMINAL_BUILD ON
  INSTALL_COMMAND "")
