// SPDX-License-Identifier: MIT OR Apache-2.0
// The back end leaves a fixup for each operand whose value the assembler has to find out. Those that its
// compiled code makes are of five kinds; inline assembly makes others, from a misspelt label to a byte of an
// address, and for them the back end has neither a relocation nor an error.
#include "bpfcc/frontend/object_writer.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCELFObjectWriter.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCFixup.h"
#include "llvm/MC/MCFixupKindInfo.h"
#include "llvm/MC/MCValue.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/ErrorHandling.h"
#include <map>
#include <memory>

namespace bpfcc {
namespace {
using namespace llvm;

// Relocations that the format has. Others of a word of data are no operand of an instruction; a jump has
// none.
bool has_relocation(unsigned kind) {
  return kind == FK_SecRel_8 || kind == FK_SecRel_4 || kind == FK_PCRel_4 || kind == FK_Data_8 ||
         kind == FK_Data_4;
}

void report(MCContext &context, const MCFixup &fixup, StringRef symbol) {
  SMLoc where = fixup.getLoc().isValid() ? fixup.getLoc() : fixup.getValue()->getLoc();
  const bool data = fixup.getKind() == FK_Data_1 || fixup.getKind() == FK_Data_2;
  const std::string what = symbol.empty() ? "this expression" : ("'" + symbol + "'").str();
  context.reportError(where,
                      what + (data ? " is not known here, and a BPF object has no relocation of this size"
                                   : " is no label of this function, and its value is not known; an "
                                     "address is loaded with 'rN = SYMBOL ll'"));
}

class CheckedWriter : public MCELFObjectTargetWriter {
public:
  explicit CheckedWriter(std::unique_ptr<MCELFObjectTargetWriter> writer)
      : MCELFObjectTargetWriter(writer->is64Bit(), writer->getOSABI(), writer->getEMachine(),
                                writer->hasRelocationAddend(), writer->getABIVersion()),
        writer_(std::move(writer)) {}

  unsigned getRelocType(MCContext &context, const MCValue &target, const MCFixup &fixup,
                        bool pc_relative) const override {
    if (has_relocation(fixup.getKind()))
      return writer_->getRelocType(context, target, fixup, pc_relative);
    report(context, fixup, target.getSymA() ? target.getSymA()->getSymbol().getName() : "");
    return 0; // R_BPF_NONE
  }
  bool needsRelocateWithSymbol(const MCValue &value, const MCSymbol &symbol, unsigned type) const override {
    return writer_->needsRelocateWithSymbol(value, symbol, type);
  }

private:
  std::unique_ptr<MCELFObjectTargetWriter> writer_;
};

class CheckedBackend : public MCAsmBackend {
public:
  explicit CheckedBackend(std::unique_ptr<MCAsmBackend> backend)
      : MCAsmBackend(backend->Endian), backend_(std::move(backend)) {}

  std::unique_ptr<MCObjectTargetWriter> createObjectTargetWriter() const override {
    return std::make_unique<CheckedWriter>(std::unique_ptr<MCELFObjectTargetWriter>(
        cast<MCELFObjectTargetWriter>(backend_->createObjectTargetWriter().release())));
  }
  unsigned getNumFixupKinds() const override { return backend_->getNumFixupKinds(); }
  const MCFixupKindInfo &getFixupKindInfo(MCFixupKind kind) const override {
    return backend_->getFixupKindInfo(kind);
  }
  void applyFixup(const MCAssembler &assembler, const MCFixup &fixup, const MCValue &target,
                  MutableArrayRef<char> data, uint64_t value, bool resolved,
                  const MCSubtargetInfo *subtarget) const override {
    const unsigned size = fixup.getKind() == FK_Data_1 ? 1 : fixup.getKind() == FK_Data_2 ? 2 : 0;
    if (!size)
      return backend_->applyFixup(assembler, fixup, target, data, value, resolved, subtarget);
    for (unsigned i = 0; i < size; i++) // the back end takes these for jumps
      data[fixup.getOffset() + i] = static_cast<char>(value >> (8 * i));
  }
  bool writeNopData(raw_ostream &stream, uint64_t count, const MCSubtargetInfo *subtarget) const override {
    return backend_->writeNopData(stream, count, subtarget);
  }

private:
  std::unique_ptr<MCAsmBackend> backend_;
};

std::map<StringRef, Target> &original_targets() {
  static std::map<StringRef, Target> targets;
  return targets;
}

MCAsmBackend *make_backend(const Target &target, const MCSubtargetInfo &subtarget,
                           const MCRegisterInfo &registers, const MCTargetOptions &options) {
  const Target &original = original_targets().at(target.getName());
  return new CheckedBackend(
      std::unique_ptr<MCAsmBackend>(original.createMCAsmBackend(subtarget, registers, options)));
}

} // namespace

void check_references() {
  for (const Target &target : TargetRegistry::targets()) {
    original_targets().emplace(target.getName(), target);
    TargetRegistry::RegisterMCAsmBackend(const_cast<Target &>(target), make_backend);
  }
}

BoundedOutput::~BoundedOutput() = default;

void BoundedOutput::write_impl(const char *data, size_t size) {
  if (size > limit_ - bytes_.size())
    report_fatal_error("the output has more than " + Twine(limit_ >> 20) + " MiB");
  bytes_.append(data, data + size);
}

void BoundedOutput::pwrite_impl(const char *data, size_t size, uint64_t offset) {
  std::copy_n(data, size, bytes_.begin() + offset);
}

} // namespace bpfcc
