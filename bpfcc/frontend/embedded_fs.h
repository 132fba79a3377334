// SPDX-License-Identifier: MIT OR Apache-2.0
// The headers that BPF programs see, and clang's own, served from the compiler's binary under kRoot.
// Everything else is the real file system: a layer over it, made of one table, because an InMemoryFileSystem
// costs a tree build a run.
#pragma once
#include "llvm/Support/VirtualFileSystem.h"
#include <string_view>

namespace bpfcc {

inline constexpr std::string_view kEmbeddedRoot = "/bpfcc-builtin";
inline constexpr std::string_view kEmbeddedClangHeaders = "/bpfcc-builtin/clang";
inline constexpr std::string_view kEmbeddedHeaders = "/bpfcc-builtin/include";

bool is_embedded(llvm::StringRef path);

// kernel_header, kernel_helpers: what vmlinux.h and kbpf/kernel_helpers.h say instead of the embedded text;
// empty: nothing. They must outlive the result.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> make_embedded_file_system(std::string_view kernel_header,
                                                                          std::string_view kernel_helpers);

} // namespace bpfcc
