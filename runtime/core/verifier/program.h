// SPDX-License-Identifier: MIT OR Apache-2.0
// A program before and after verification. Only the verifier makes a VerifiedProgram, and the engines take
// nothing else, so that running unverified code does not compile.
#pragma once
#include "abi/btf.h"
#include "core/isa/insn.h"
#include "core/profile/profile.h"
#include <cstddef>
#include <cstdint>
#include <span>

namespace kbpf {

class Btf;

// A field of a map's value that belongs to the kernel, by its offset; -1: there is none.
struct SpecialFields {
  static constexpr uint32_t kSpinLockSize = 4, kTimerSize = 16; // bytes
  int32_t spin_lock = -1;                                       // aligned to 4
  int32_t timer = -1;                                           // aligned to 8
  bool operator==(const SpecialFields &) const = default;
};

// A field of a map's value, or of an object that a program allocates, which is not a program's to read and to
// write as it likes (record_fields.h).
struct RecordField {
  enum class Kind : uint8_t {
    // Pointers to objects:
    untrusted, // stored and loaded by the program
    held,      // exchanged by bpf_kptr_xchg
    per_cpu,   // likewise, to one that each CPU has
    unusable,  // of a type that nobody can give back
    // Of the kernel's, which only its functions touch:
    spin_lock,
    timer,
    work,
    refcount,
    list_head,
    list_node,
    tree_root,
    tree_node,
  };
  uint32_t offset;
  Kind kind;
  bool is_local = false;    // type_id is in the program's types, not in the kernel's
  uint32_t type_id = 0;     // of what a pointer points to, what a list or a tree has
  uint32_t node_offset = 0; // of the node in that, for lists and trees
  bool is_pointer() const { return kind <= Kind::unusable; }
  bool is_root() const { return kind == Kind::list_head || kind == Kind::tree_root; }
  bool is_node() const { return kind == Kind::list_node || kind == Kind::tree_node; }
  uint32_t size() const; // bytes
};

// A map that the program refers to, as far as verification and code generation need to know it.
struct MapRef {
  uint32_t type;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t max_entries;
  uint32_t map_flags;
  uint64_t handle;                       // what a helper receives for an argument of type MAP
  uint64_t value_address;                // of element 0, where ld_imm64 may name the value itself; else 0
  uint64_t fd_slot;                      // zcore: address of the u32 that holds the fd; else 0
  uint32_t fd;                           // zcore: the fd in that slot
  std::span<const std::byte> constants;  // value of a frozen read-only map; empty where contents may change
  const MapRef *inner = nullptr;         // map of maps: what each of its maps is like; else null
  SpecialFields fields = {};             // as the map's BTF says
  std::span<const RecordField> record = {}; // by ascending offset; Linux's maps only
  bool is_refused = false;                  // Linux makes no map of such values
  uint64_t elements = 0;                 // arrays: address of element 0, where lookups may be inlined; else 0
  uint32_t element_size = 0;             // bytes from one element to the next
  uint64_t cpu_stride = 0;               // per-CPU arrays: bytes from one CPU's element to the next one's
  uint32_t lookup_call = 0,
           update_call = 0; // helpers for this very map in place of the general ones; 0: none
};

// Helpers without arguments whose result engines can find out without a call, where the loader says so: they
// become KBPF_OP_TOLD. Numbers as in the kbpf profile.
constexpr uint32_t kKtimeGetNs = 5, kGetSmpProcessorId = 8, kGetCurrentPidTgid = 14;
constexpr bool is_told(uint32_t helper) {
  return helper == kKtimeGetNs || helper == kGetSmpProcessorId || helper == kGetCurrentPidTgid;
}
constexpr uint32_t told_bit(uint32_t helper) { return uint32_t{1} << helper; } // in RawProgram::told

// A map reference is ld_imm64 with src KBPF_PSEUDO_MAP_IDX, MAP_IDX_VALUE or ZCORE_FD_SLOT: imm indexes maps.
// The caller has turned fds into indices; MAP_FD and MAP_VALUE are refused here.
struct RawProgram {
  std::span<const Insn> insns;
  std::span<const MapRef> maps;
  const Profile *profile;
  const ProgTypeInfo *type;
  bool gpl_compatible;
  bool sleepable;
  const Btf *btf = nullptr; // its references were checked (core/btf/check.h); null: not known
  // The type of each function, by its first instruction; without them, all count as static.
  std::span<const kbpf_func_info> functions = {};
  uint32_t expected_attach_type = 0; // as in BPF_PROG_LOAD
  // Where the program names its types otherwise than btf does: the id in that of each. Empty: it does not.
  std::span<const uint32_t> own_ids = {};
  // The types of the kernel that runs the program; its references were checked. Null: not known.
  const Btf *kernel_btf = nullptr;
  // What the program is attached to, by its type in kernel_btf: the FUNC that fentry, fexit, fmod_ret and lsm
  // programs are for, the TYPEDEF btf_trace_* of a tracepoint for tp_btf. 0: nothing, or not known.
  uint32_t attach_btf_id = 0;
  // The address of a variable of the kernel, by the id of its VAR in kernel_btf, for ld_imm64 with src
  // KBPF_PSEUDO_BTF_ID; 0: the kernel has no such variable. Null: programs may not name any.
  uint64_t (*variable_address)(uint32_t id) = nullptr;
  // Judged by somebody who does not know the kernel, and runs nothing: what a tracing or lsm program is
  // attached to is not known, so that any number that it has may be the pointer that it takes it for.
  bool follows_numbers = false;
  bool kernel_is_guess = false;  // kernel_btf is what the program was compiled against
  bool strict_alignment = false; // every access is aligned to its size
  // For a loader who must not learn where the kernel's memory lies: one without CAP_PERFMON.
  bool hides_addresses = false;
  uint32_t told = 0; // told_bit() of helpers
};

// Bytes of stack of what waits above a subprogram that makes tail calls: less than this, as each of up to 33
// programs after it may have as much again.
constexpr uint32_t kMostAboveTailCall = 256;

struct Subprogram {
  uint32_t first; // index of its first instruction
  uint32_t count;
  uint16_t stack_depth; // bytes of its own frame that it touches, rounded up to 8
  bool calls_helper;
  bool calls_subprogram;
  bool is_called_back = false; // by a helper, before that returns
  bool runs_later = false;     // when a timer says so
  bool zero_stack =
      false; // may read stack bytes that it did not write: the engine clears stack_depth bytes on entry
  bool uses_may_goto = false; // the engine counts its may_gotos: kMayGotoBudget a frame
};

// may_gotos that one frame passes; from then on each of them jumps (Linux: BPF_MAX_LOOPS).
constexpr uint64_t kMayGotoBudget = 8u << 20;

// What verification proved about one instruction, for code generation.
struct InsnFacts {
  bool reachable : 1;
  bool zero_extended : 1;        // a 32-bit result whose upper half nobody reads: no zero extension needed
  bool faultable : 1;            // a load through a pointer that may be bad: a fault reads as zero
  bool loads_packet_address : 1; // a PACKET field of the context: fix-up makes it one of PacketAddresses
  // A load or store through a pointer to the context; through a pointer to something that is neither that nor
  // an object of the kernel.
  bool follows_context : 1;
  bool follows_other : 1;
};

// Where the packet is that a context stands for. It lies behind the context, at its size: the fields that
// name these addresses have room for 32 bits only.
struct PacketAddresses {
  uint64_t data, data_end, data_meta;
};

class Verifier;

class VerifiedProgram {
public:
  // After the fix-up pass: map references are plain ld_imm64 (src 0) of handles and addresses; helper calls
  // keep their number, but that some may be plain instructions or KBPF_OP_TOLD (inline_call.h); the code of
  // dead branches is gone or unreachable. ld_imm64 with src KBPF_PSEUDO_FUNC has the index of a subprogram in
  // imm: engines make it a callback handle (core/interp/callback.h).
  std::span<const Insn> insns() const { return insns_; }
  std::span<const InsnFacts> facts() const { return facts_; }
  std::span<const Subprogram> subprograms() const {
    return subprograms_;
  }                                                     // [0] is the entry; ordered by first
  uint32_t stack_depth() const { return stack_depth_; } // of the deepest call path, bytes
  const Profile &profile() const { return *profile_; }

private:
  friend class Verifier;
  friend class UnverifiedProgram; // tools/unverified_program.h; no target of the kernel defines it
  VerifiedProgram() = default;
  std::span<const Insn> insns_;
  std::span<const InsnFacts> facts_;
  std::span<const Subprogram> subprograms_;
  const Profile *profile_ = nullptr;
  uint32_t stack_depth_ = 0;
};

} // namespace kbpf
