# SPDX-License-Identifier: MIT OR Apache-2.0
# CMAKE_TOOLCHAIN_FILE for projects whose C is BPF: add_library(... OBJECT) and check_c_compiler_flag() work as for any
# compiler. Nothing can be linked into an executable, so checks make archives.
get_filename_component(bpfcc_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR bpf)
set(CMAKE_C_COMPILER "${bpfcc_prefix}/bin/bpfcc")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
