# SPDX-License-Identifier: MIT OR Apache-2.0
# Compile options that every target of ours shares, on the host and in the kernel.
find_program(BPFCC_CCACHE ccache)
if(BPFCC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${BPFCC_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BPFCC_CCACHE})
endif()

add_library(bpfcc_options INTERFACE)
target_compile_options(bpfcc_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter -Wno-gnu-statement-expression -Werror=return-type -Werror=switch
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions> -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(BPFCC_SANITIZE)
  target_compile_options(bpfcc_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(bpfcc_options INTERFACE -fsanitize=address,undefined)
endif()
if(BPFCC_SANITIZE_THREADS)
  target_compile_options(bpfcc_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(bpfcc_options INTERFACE -fsanitize=thread)
endif()
if(BPFCC_FUZZ)
  target_compile_options(bpfcc_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NOT CMAKE_CROSSCOMPILING)
  target_link_options(bpfcc_options INTERFACE -fuse-ld=lld)
endif()
