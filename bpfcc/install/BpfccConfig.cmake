# SPDX-License-Identifier: MIT OR Apache-2.0
# find_package(Bpfcc): the compiler as target Bpfcc::bpfcc, and bpfcc_add_object().
get_filename_component(BPFCC_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET Bpfcc::bpfcc)
  add_executable(Bpfcc::bpfcc IMPORTED)
  set_target_properties(Bpfcc::bpfcc PROPERTIES IMPORTED_LOCATION "${BPFCC_PREFIX}/bin/bpfcc")
endif()

# bpfcc_add_object(TARGET SOURCES file.c... [ABI kbpf|zcore|linux] [KERNEL file] [KERNEL_BTF file] [OUTPUT file.o]
#                  [INCLUDE_DIRECTORIES dir...] [COMPILE_DEFINITIONS name[=value]...] [COMPILE_OPTIONS option...]
#                  [DEPENDS file...])
# A target that makes one BPF object of the sources. Directories, definitions and options may be generator expressions;
# what is read is relative to the source folder, the output to the binary folder.
# The target's property BPF_OBJECT is the object's path. A header that changes makes the object anew (DEPFILE).
function(bpfcc_add_object target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ABI;KERNEL;KERNEL_BTF;OUTPUT"
    "SOURCES;INCLUDE_DIRECTORIES;COMPILE_DEFINITIONS;COMPILE_OPTIONS;DEPENDS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "bpfcc_add_object(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "bpfcc_add_object(${target}): no SOURCES")
  endif()
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT "${target}.o")
  endif()
  get_filename_component(output "${arg_OUTPUT}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  set(sources)
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
    list(APPEND sources "${source}")
  endforeach()
  set(options)
  if(arg_ABI)
    list(APPEND options "--abi=${arg_ABI}")
  endif()
  foreach(kind KERNEL KERNEL_BTF)
    if(arg_${kind})
      get_filename_component(file "${arg_${kind}}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
      string(TOLOWER "--${kind}=" option)
      string(REPLACE "_" "-" option "${option}")
      list(APPEND options "${option}${file}")
    endif()
  endforeach()
  set(directories)
  foreach(directory IN LISTS arg_INCLUDE_DIRECTORIES)
    if(NOT directory MATCHES "[$]<")
      get_filename_component(directory "${directory}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
    endif()
    list(APPEND directories "${directory}")
  endforeach()
  get_filename_component(folder "${output}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}") # makefiles do not
  set(definitions "${arg_COMPILE_DEFINITIONS}")
  add_custom_command(OUTPUT "${output}"
    COMMAND Bpfcc::bpfcc ${options} "$<$<BOOL:${directories}>:-I$<JOIN:${directories},;-I>>"
      "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},;-D>>" ${arg_COMPILE_OPTIONS}
      -MD -MF "${output}.d" -MQ "${output}" -o "${output}" ${sources}
    DEPENDS Bpfcc::bpfcc ${sources} ${arg_DEPENDS}
    DEPFILE "${output}.d"
    COMMENT "BPF object ${arg_OUTPUT}"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${output}")
  set_target_properties(${target} PROPERTIES BPF_OBJECT "${output}")
endfunction()
