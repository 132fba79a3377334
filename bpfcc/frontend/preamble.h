// SPDX-License-Identifier: MIT OR Apache-2.0
// A source's preamble: its leading lines up to the last #include that stands before the first declaration. A
// cold compilation saves clang's state at that point from a forked copy of the process, a warm one starts
// there. Either way the output and the messages are those of a compilation without a cache; what cannot be
// restored exactly is not saved.
#pragma once
#include "bpfcc/frontend/preamble_cache.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace bpfcc {

// Where the preamble ends: what follows is lexed from `size` on. size 0: there is none.
struct PreambleBounds {
  unsigned last_include = 0; // offset of the '#' of the last #include
  unsigned size = 0;
};
PreambleBounds preamble_bounds(llvm::StringRef source, const clang::LangOptions &language);

// The file system of one compilation. Cold: notes every path on disk that is asked for. Warm: serves the
// serialised AST, and the names that clang's writer shortened under their first spelling.
class PreambleFileSystem : public llvm::vfs::ProxyFileSystem {
public:
  using ProxyFileSystem::ProxyFileSystem;
  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine &path) override;
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> openFileForRead(const llvm::Twine &path) override;
  std::error_code makeAbsolute(llvm::SmallVectorImpl<char> &path) const override;

  bool recording = false;
  bool keep_relative = false;           // while a preamble is written
  llvm::StringMap<bool> lookups;        // path -> exists
  llvm::StringMap<std::string> renamed; // name in the serialised AST -> name for clang
  llvm::StringRef pch;

private:
  void note(llvm::StringRef path, bool exists);
};

class Preamble {
public:
  // Decides what this compilation does: nothing, record or reuse. arguments: cc1's.
  Preamble(const FrontendOptions &options, const std::vector<std::string> &arguments,
           clang::CompilerInvocation &invocation, llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files);

  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> file_system() const { return files_; }
  const PreambleEntry *entry() const { return stored_ ? &stored_->entry : nullptr; }

  // To be called by the action, before it begins and instead of ParseAST.
  void begin(clang::CompilerInstance &compiler);
  bool active() const { return recording_ || stored_; }
  void parse(clang::CompilerInstance &compiler, const FrontendOutput &output);

  // A message while the end of the preamble is between two tokens of one declaration: the compilation is to
  // be repeated without the cache, silently until then.
  bool cut_a_declaration() const { return cut_a_declaration_; }
  bool swallow_message();

private:
  class Watcher;
  void save(clang::CompilerInstance &compiler, const FrontendOutput &output);
  void restore_externals(clang::CompilerInstance &compiler) const;
  bool restorable(clang::CompilerInstance &compiler) const;
  void write(clang::CompilerInstance &compiler, const FrontendOutput &output, int reservation);

  PreambleCache cache_;
  llvm::IntrusiveRefCntPtr<PreambleFileSystem> files_;
  std::string source_path_;
  PreambleHash key_{};
  PreambleBounds bounds_;
  std::unique_ptr<StoredPreamble> stored_;
  bool recording_ = false;
  bool at_end_ = false; // the marker is on its way to the parser
  bool marker_sent_ = false;
  bool messages_ = false;
  bool cut_a_declaration_ = false;
  bool restorable_ = true; // nothing was seen that cannot be
  int open_diagnostic_pushes_ = 0;
};

} // namespace bpfcc
