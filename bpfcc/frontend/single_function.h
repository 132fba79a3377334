// SPDX-License-Identifier: MIT OR Apache-2.0
// For kernels that run one function and no data section (the zcore profile): functions are inlined into it,
// constants that it points to are built on its stack. What can't be brought into that form is refused at its
// line.
#pragma once

namespace llvm {
class Instruction;
class Module;
class Twine;
} // namespace llvm

namespace bpfcc {

// Before the optimiser: every function that another one calls is inlined there and exists nowhere else.
void inline_everything(llvm::Module &module);
// After the optimiser: constants move to the stack; calls, variables and atomics that remain are errors.
void move_constants_to_stack(llvm::Module &module);
void refuse_calls_data_and_atomics(llvm::Module &module);

// An error at the instruction's line of source (code_passes.cpp).
void refuse(const llvm::Instruction &instruction, const llvm::Twine &message);

} // namespace bpfcc
