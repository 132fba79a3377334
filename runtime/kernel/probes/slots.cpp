// SPDX-License-Identifier: MIT OR Apache-2.0
// A slot is two words: the instruction (a compressed one is padded by c.nop), then the way back. The first
// slots lie in the kernel's own text, near enough for the jump; when those are used up, pages from the host
// follow.
#include "kernel/probes/slots.h"
#include "kernel/port.h"
#include <atomic>
#include <new>

namespace kbpf::probes {
namespace {

constexpr size_t kSlotSize = 8, kWayBack = 4;
constexpr size_t kAreaSize = 4096, kAreaSlots = kAreaSize / kSlotSize;
constexpr uint32_t kCompressedNop = 0x0001;

struct Slot {
  uintptr_t origin = 0; // 0: not a copy of anything
  uint32_t encoding = 0;
  uint32_t length = 0; // of the instruction
  uintptr_t address = 0;
  Slot *next = nullptr; // in its bucket of slots_by_origin
};

struct Area {
  explicit Area(uintptr_t code_address) : code(code_address) {}
  Area *next = nullptr;
  const uintptr_t code;
  size_t used = 0;
  Slot slots[kAreaSlots];
};

constexpr size_t kBuckets = 256;
constinit std::atomic<Area *> areas{nullptr};   // newest first, only ever prepended
constinit Slot *slots_by_origin[kBuckets] = {}; // under the attach lock

Slot *&bucket_of(uintptr_t origin) { return slots_by_origin[origin / 2 % kBuckets]; }

#if defined(__riscv)
asm(".pushsection .text.kbpf_slot_area, \"ax\", @progbits\n"
    ".balign 8\n"
    ".globl kbpf_slot_area\n"
    ".type kbpf_slot_area, @function\n"
    "kbpf_slot_area:\n"
    ".zero 4096\n"
    ".size kbpf_slot_area, 4096\n"
    ".popsection");
extern "C" const char kbpf_slot_area[kAreaSize];
uintptr_t text_area() { return reinterpret_cast<uintptr_t>(kbpf_slot_area); }
#else
uintptr_t text_area() { return 0; } // a host whose text is not RISC-V has none
#endif

Result<uintptr_t> allocate_code_page() {
  void *page = kbpf_port_pages_alloc(1);
  if (!page)
    return Error::no_memory;
  uint16_t *halfwords = static_cast<uint16_t *>(page);
  for (size_t i = 0; i < kAreaSize / sizeof(uint16_t); i++)
    halfwords[i] = kCompressedBreakpoint;
  if (kbpf_port_pages_protect(page, 1, KBPF_PROT_READ_EXEC) != 0) {
    kbpf_port_pages_free(page, 1);
    return Error::not_permitted;
  }
  kbpf_port_sync_icache();
  return reinterpret_cast<uintptr_t>(page);
}

Result<void> add_area() {
  Area *newest = areas.load(std::memory_order_relaxed);
  void *memory = kbpf_port_alloc(sizeof(Area), alignof(Area));
  if (!memory)
    return Error::no_memory;
  uintptr_t code = newest ? 0 : text_area();
  if (!code) {
    Result<uintptr_t> page = allocate_code_page();
    if (!page) {
      kbpf_port_free(memory, sizeof(Area), alignof(Area));
      return page.error();
    }
    code = *page;
  }
  Area *area = new (memory) Area(code);
  area->next = newest;
  areas.store(area, std::memory_order_release);
  return {};
}

constexpr uint32_t kBreakpointWord = kCompressedBreakpoint | uint32_t(kCompressedBreakpoint) << 16;

// The word at address `at` that continues at target: jal x0, which reaches 1 MiB either way, or a breakpoint.
uint32_t way_back(uintptr_t at, uintptr_t target) {
  const intptr_t distance = static_cast<intptr_t>(target - at);
  if (distance < -0x100000 || distance >= 0x100000)
    return kBreakpointWord;
  const uint32_t offset = static_cast<uint32_t>(distance);
  return (offset & 0x100000) << 11 | (offset & 0x7fe) << 20 | (offset & 0x800) << 9 | (offset & 0xff000) |
         0x6f;
}

Result<Slot *> take_slot() {
  Area *area = areas.load(std::memory_order_relaxed);
  if (!area || area->used == kAreaSlots) {
    KBPF_TRY(add_area());
    area = areas.load(std::memory_order_relaxed);
  }
  Slot *slot = &area->slots[area->used];
  slot->address = area->code + area->used++ * kSlotSize;
  return slot;
}

// A slot that could not be written is not used again.
Result<void> write_slot(const Slot &slot, uint32_t first_word, uint32_t second_word) {
  if (kbpf_port_text_write(slot.address, &first_word, sizeof(first_word)) != 0 ||
      kbpf_port_text_write(slot.address + kWayBack, &second_word, sizeof(second_word)) != 0)
    return Error::not_permitted;
  return {};
}

// The slot that pc lies in, or null.
const Slot *find_slot(uintptr_t pc) {
  for (const Area *area = areas.load(std::memory_order_acquire); area; area = area->next)
    if (pc - area->code < kAreaSize)
      return &area->slots[(pc - area->code) / kSlotSize];
  return nullptr;
}

} // namespace

Result<uintptr_t> slot_for(uintptr_t address, const NativeInsn &insn) {
  Slot *&bucket = bucket_of(address);
  for (const Slot *slot = bucket; slot; slot = slot->next)
    if (slot->origin == address && slot->encoding == insn.encoding && slot->length == insn.length)
      return slot->address;

  Slot *slot = KBPF_TRY(take_slot());
  const uint32_t first_word = insn.length == 2 ? insn.encoding | kCompressedNop << 16 : insn.encoding;
  KBPF_TRY(write_slot(*slot, first_word, way_back(slot->address + kWayBack, address + insn.length)));
  slot->origin = address;
  slot->encoding = insn.encoding;
  slot->length = insn.length;
  slot->next = bucket;
  bucket = slot;
  return slot->address;
}

Result<uintptr_t> make_breakpoint_slot() {
  Slot *slot = KBPF_TRY(take_slot());
  KBPF_TRY(write_slot(*slot, kBreakpointWord, kBreakpointWord));
  return slot->address;
}

uintptr_t slot_continuation(uintptr_t pc) {
  const Slot *slot = pc % kSlotSize == kWayBack ? find_slot(pc) : nullptr;
  return slot && slot->origin ? slot->origin + slot->length : 0;
}

uintptr_t slot_origin(uintptr_t pc) {
  const Slot *slot = pc % kSlotSize == 0 ? find_slot(pc) : nullptr;
  return slot ? slot->origin : 0;
}

} // namespace kbpf::probes
