// SPDX-License-Identifier: MIT OR Apache-2.0
// What LLVM's writer of BPF objects takes for granted, and inline assembly need not give: references that the
// format can express, and a size that memory holds.
#pragma once
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

namespace bpfcc {

// From now on a reference that no relocation can express is an error at its line; the back end by itself goes
// on with whatever comes next in its code. Once, after the targets are registered.
void check_references();

// The object's bytes. More than limit of them is a fatal error of the back end: one line of C can ask for
// terabytes.
class BoundedOutput : public llvm::raw_pwrite_stream {
public:
  BoundedOutput(llvm::SmallVectorImpl<char> &bytes, uint64_t limit)
      : raw_pwrite_stream(/*Unbuffered=*/true), bytes_(bytes), limit_(limit) {}
  ~BoundedOutput() override;

private:
  void write_impl(const char *data, size_t size) override;
  void pwrite_impl(const char *data, size_t size, uint64_t offset) override;
  uint64_t current_pos() const override { return bytes_.size(); }

  llvm::SmallVectorImpl<char> &bytes_;
  uint64_t limit_;
};

} // namespace bpfcc
