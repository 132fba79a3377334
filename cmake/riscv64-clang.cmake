# SPDX-License-Identifier: MIT OR Apache-2.0
# Toolchain for static riscv64 Linux programs in C++: clang with glibc from the cross packages, and libc++'s headers
# without its library (there is none for riscv64).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_CXX_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_C_FLAGS_INIT "-march=rv64gc")
set(CMAKE_CXX_FLAGS_INIT "-march=rv64gc -nostdinc++ -isystem /usr/lib/llvm-19/include/c++/v1")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -nostdlib++ -fuse-ld=lld")
