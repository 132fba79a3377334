// SPDX-License-Identifier: MIT OR Apache-2.0
// The tree is a stream of tokens: begin node, property, end node. A node's properties come before its
// children, so one pass can collect a node's interesting properties and look at them when the next node
// begins or this one ends.
#include "refkernel/machine/device_tree.h"
#include <cstring>
#include <span>
#include <string_view>

namespace refkernel {

MachineDescription machine;

namespace {

struct Header { // big-endian
  uint32_t magic, total_size, struct_offset, strings_offset, reserve_offset, version, compatible_version,
      boot_cpu, strings_size, struct_size;
};
constexpr uint32_t kMagic = 0xd00dfeed;
enum Token : uint32_t { kBeginNode = 1, kEndNode = 2, kProperty = 3, kNop = 4, kEnd = 9 };
constexpr unsigned kMaxDepth = 8;

using Cells = std::span<const std::byte>; // big-endian 32-bit cells

uint32_t cell(Cells cells, size_t index) {
  uint32_t value = 0;
  if ((index + 1) * 4 <= cells.size())
    memcpy(&value, cells.data() + index * 4, 4);
  return __builtin_bswap32(value);
}

// A number of `count` cells (1 or 2) that begins at cell index.
uint64_t number(Cells cells, size_t index, uint32_t count) {
  return count == 2 ? (static_cast<uint64_t>(cell(cells, index)) << 32 | cell(cells, index + 1))
                    : cell(cells, index);
}

std::string_view text(Cells value) {
  const char *first = reinterpret_cast<const char *>(value.data());
  return {first, value.empty() ? 0 : strnlen(first, value.size() - 1)};
}

struct Node {
  std::string_view name;
  Cells reg, compatible, device_type, interrupts, interrupts_extended, isa, bootargs, initrd_start,
      initrd_end;
  uint32_t phandle = 0, timebase = 0;
  uint32_t address_cells = 2, size_cells = 1; // of its children
  bool disabled = false;

  void take(std::string_view property, Cells value) {
    struct {
      std::string_view name;
      Cells Node::*member;
    } static constexpr kRaw[] = {{"reg", &Node::reg},
                                 {"compatible", &Node::compatible},
                                 {"device_type", &Node::device_type},
                                 {"interrupts", &Node::interrupts},
                                 {"interrupts-extended", &Node::interrupts_extended},
                                 {"riscv,isa", &Node::isa},
                                 {"bootargs", &Node::bootargs},
                                 {"linux,initrd-start", &Node::initrd_start},
                                 {"linux,initrd-end", &Node::initrd_end}};
    for (const auto &raw : kRaw)
      if (property == raw.name)
        this->*raw.member = value;
    if (property == "phandle")
      phandle = cell(value, 0);
    else if (property == "timebase-frequency")
      timebase = cell(value, 0);
    else if (property == "#address-cells")
      address_cells = cell(value, 0);
    else if (property == "#size-cells")
      size_cells = cell(value, 0);
    else if (property == "status")
      disabled = text(value) != "okay" && text(value) != "ok";
  }

  bool is_compatible(std::string_view wanted) const { // a list of terminated strings
    std::string_view list(reinterpret_cast<const char *>(compatible.data()), compatible.size());
    while (!list.empty()) {
      std::string_view entry = list.substr(0, list.find('\0'));
      if (entry == wanted)
        return true;
      list.remove_prefix(entry.size() < list.size() ? entry.size() + 1 : list.size());
    }
    return false;
  }
};

void add_ranges(const Node &node, const Node &parent, MemoryRange *ranges, uint32_t &count, uint32_t limit) {
  size_t cells = parent.address_cells + parent.size_cells;
  if (!cells)
    return;
  for (size_t i = 0; (i + cells) * 4 <= node.reg.size() && count < limit; i += cells) {
    uintptr_t start = number(node.reg, i, parent.address_cells);
    ranges[count++] = {start, start + number(node.reg, i + parent.address_cells, parent.size_cells)};
  }
}

// The k-th entry of the PLIC's interrupts-extended (phandle of a CPU's controller, interrupt number there)
// says where its context k leads; 9 is the supervisor external interrupt.
void read_plic_contexts(Cells entries) {
  for (size_t context = 0; (context + 1) * 8 <= entries.size(); context++)
    for (uint32_t i = 0; i < machine.cpu_count; i++)
      if (machine.cpus[i].intc == cell(entries, context * 2) && cell(entries, context * 2 + 1) == 9) {
        machine.cpus[i].plic_context = static_cast<uint32_t>(context);
        machine.cpus[i].has_plic_context = true;
      }
}

void read_chosen(const Node &node) {
  if (!node.bootargs.empty())
    machine.command_line = reinterpret_cast<const char *>(node.bootargs.data());
  if (!node.initrd_start.empty() && !node.initrd_end.empty())
    machine.initrd = {number(node.initrd_start, 0, static_cast<uint32_t>(node.initrd_start.size() / 4)),
                      number(node.initrd_end, 0, static_cast<uint32_t>(node.initrd_end.size() / 4))};
}

void read_node(const Node &node, const Node &parent) {
  if (node.timebase)
    machine.timebase_hz = node.timebase;
  if (node.name == "chosen")
    read_chosen(node);
  if (node.disabled)
    return;
  uintptr_t address = number(node.reg, 0, parent.address_cells);
  if (text(node.device_type) == "memory") {
    add_ranges(node, parent, machine.memory, machine.memory_count, std::size(machine.memory));
  } else if (parent.name == "reserved-memory") {
    add_ranges(node, parent, machine.reserved, machine.reserved_count, std::size(machine.reserved));
  } else if (text(node.device_type) == "cpu") {
    if (machine.cpu_count == kMaxHarts)
      return;
    machine.cpus[machine.cpu_count++].id = cell(node.reg, 0);
    if (!machine.isa && !node.isa.empty())
      machine.isa = reinterpret_cast<const char *>(node.isa.data());
  } else if (node.is_compatible("riscv,cpu-intc")) {
    if (machine.cpu_count && !machine.cpus[machine.cpu_count - 1].intc)
      machine.cpus[machine.cpu_count - 1].intc = node.phandle;
  } else if (node.is_compatible("ns16550a")) {
    machine.uart = address;
    machine.uart_irq = cell(node.interrupts, 0);
  } else if (node.is_compatible("riscv,plic0") || node.is_compatible("sifive,plic-1.0.0")) {
    machine.plic = address;
    read_plic_contexts(node.interrupts_extended);
  } else if (node.is_compatible("sifive,test0") || node.is_compatible("sifive,test1")) {
    machine.test_finisher = address;
  } else if (node.is_compatible("google,goldfish-rtc")) {
    machine.rtc = address;
  }
}

} // namespace

bool read_device_tree(uintptr_t physical) {
  const std::byte *blob = static_cast<const std::byte *>(to_direct(physical));
  Cells header(blob, sizeof(Header));
  if (cell(header, offsetof(Header, magic) / 4) != kMagic)
    return false;
  uint32_t total = cell(header, offsetof(Header, total_size) / 4);
  uint32_t at = cell(header, offsetof(Header, struct_offset) / 4);
  uint32_t strings = cell(header, offsetof(Header, strings_offset) / 4);
  Cells tree(blob, total);
  machine.command_line = "";
  machine.reserved[machine.reserved_count++] = {align_down(physical, kPageSize),
                                                align_up(physical + total, kPageSize)};

  Node path[kMaxDepth + 1]; // [0]: above the root; [depth]: the node whose properties are being read
  unsigned depth = 0;
  bool pending = false; // path[depth] was not looked at yet
  auto settle = [&] {
    if (pending)
      read_node(path[depth], path[depth - 1]);
    pending = false;
  };
  while (at + 4 <= total) {
    uint32_t token = cell(tree.subspan(at), 0);
    at += 4;
    if (token == kBeginNode) {
      settle();
      if (depth == kMaxDepth)
        return false;
      const char *name = reinterpret_cast<const char *>(blob + at);
      size_t length = strnlen(name, total - at);
      path[++depth] = Node();
      path[depth].name = {name, length};
      pending = true;
      at += align_up(length + 1, 4);
    } else if (token == kProperty) {
      uint32_t length = cell(tree.subspan(at), 0), name_offset = cell(tree.subspan(at), 1);
      at += 8;
      if (at > total || length > total - at || strings + name_offset >= total || !depth)
        return false;
      const char *name = reinterpret_cast<const char *>(blob + strings + name_offset);
      path[depth].take({name, strnlen(name, total - strings - name_offset)}, tree.subspan(at, length));
      at += align_up(length, 4);
    } else if (token == kEndNode) {
      settle();
      if (!depth)
        return false;
      depth--;
    } else if (token == kEnd) {
      break;
    } else if (token != kNop) {
      return false;
    }
  }
  return machine.memory_count && machine.cpu_count && machine.timebase_hz;
}

} // namespace refkernel
