# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds what runs in the guest: build/guest/{glibc,musl}/bin. Ninja decides what is out of date.
include(ExternalProject)
set(KBPF_MUSL ${CMAKE_SOURCE_DIR}/build/sysroot/musl CACHE PATH "riscv64 musl, as scripts/fetch-riscv64.sh unpacks it")
foreach(libc glibc musl)
  ExternalProject_Add(guest_${libc}
    SOURCE_DIR ${CMAKE_SOURCE_DIR}/runtime/user
    BINARY_DIR ${CMAKE_BINARY_DIR}/guest/${libc}
    CMAKE_GENERATOR Ninja
    CMAKE_ARGS
      -DCMAKE_TOOLCHAIN_FILE=${CMAKE_SOURCE_DIR}/cmake/riscv64-${libc}.cmake
      -DCMAKE_BUILD_TYPE=Release
      -DKBPF_MUSL=${KBPF_MUSL}
      -DKBPF_GUEST_TESTS=${CMAKE_SOURCE_DIR}/test/guest
    BUILD_ALWAYS ON
    USES_TERMINAL_BUILD ON
    INSTALL_COMMAND "")
endforeach()
