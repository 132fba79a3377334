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

// What files say instead of the embedded text; empty: nothing. The texts must outlive the file system.
struct ReplacedHeaders {
  std::string_view vmlinux, helper_declarations, kernel_helpers;
};
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> make_embedded_file_system(const ReplacedHeaders &replaced);

} // namespace bpfcc
