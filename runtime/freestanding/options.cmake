# SPDX-License-Identifier: MIT OR Apache-2.0
# Flags of freestanding code. No floating point in the kernel: the compiler may not even use its registers to copy, so
# the ISA is rv64imac; the lp64 and lp64d ABIs are then the same for code without floating-point arguments, but the
# linker tells them apart, hence KBPF_ABI.
set(KBPF_ABI lp64 CACHE STRING "calling convention: lp64, or lp64d with the F and D extensions")
if(KBPF_ABI STREQUAL lp64d)
  set(KBPF_ARCH rv64gc)
else()
  set(KBPF_ARCH rv64imac_zicsr_zifencei)
endif()
set(KBPF_PICOLIBC /usr/lib/picolibc/riscv64-unknown-elf/include)
add_compile_options(
  -march=${KBPF_ARCH} -mabi=${KBPF_ABI} -mcmodel=medany -ffreestanding -fno-stack-protector -fno-pic
  -ffunction-sections -fdata-sections -fno-omit-frame-pointer -mno-implicit-float
  $<$<COMPILE_LANGUAGE:CXX>:-nostdinc++> -nostdlibinc
  $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti> $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
  $<$<COMPILE_LANGUAGE:CXX>:-fno-threadsafe-statics> $<$<COMPILE_LANGUAGE:CXX>:-fno-use-cxa-atexit>
  "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-isystem ${CMAKE_CURRENT_LIST_DIR}/include -isystem /usr/lib/llvm-19/include/c++/v1>"
  "SHELL:-isystem ${KBPF_PICOLIBC}")
