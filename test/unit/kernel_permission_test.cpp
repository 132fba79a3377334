// SPDX-License-Identifier: MIT OR Apache-2.0
// Who may call what of bpf(2), and how much of it: capabilities, a user's share of memory, and attrs that say
// more than the kernel knows. The rules are Linux's, where /proc/sys/kernel/unprivileged_bpf_disabled is 1.
#include "abi/info.h"
#include "btf_builder.h"
#include "insn_builders.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint64_t bit(kbpf_capability capability) { return uint64_t{1} << capability; }
constexpr uint64_t kBpf = bit(KBPF_CAP_BPF), kPerfmon = bit(KBPF_CAP_PERFMON),
                   kAdmin = bit(KBPF_CAP_SYS_ADMIN);
constexpr uint32_t kSocketFilter = 1, kXdp = 6, kRawTracepoint = 17, kKprobeMulti = 42;

class Permission : public KernelTest {
protected:
  static int64_t load(uint32_t type = kKprobe, uint32_t expected_attach_type = 0) {
    const std::vector<Insn> code = assemble({mov64_imm(R0, 0), exit_insn()});
    return load_code(type, code, expected_attach_type);
  }
  static int64_t load_btf() {
    BtfBuilder types;
    types.integer();
    const std::string bytes = types.build();
    kbpf_attr_btf_load attr{};
    attr.btf = address(bytes.data());
    attr.btf_size = static_cast<uint32_t>(bytes.size());
    return bpf(BTF_LOAD, attr);
  }
  static int64_t next_id(Command command) { return bpf(command, kbpf_attr_get_id{0, 0, 0}, 8); }
  static int64_t by_id(Command command) { return bpf(command, kbpf_attr_get_id{1, 0, 0}, 4); }
};

TEST_F(Permission, MapsAndTypesNeedTheCapabilityForBpf) {
  for (uint64_t enough : {kBpf, kAdmin}) {
    hostport::set_capabilities(enough);
    EXPECT_GE(make_map(kHash, 4, 8, 1), 0);
    EXPECT_GE(load_btf(), 0);
  }
  hostport::set_capabilities(~(kBpf | kAdmin));
  EXPECT_EQ(make_map(kHash, 4, 8, 1), -EPERM);
  EXPECT_EQ(load_btf(), -EPERM);
}

TEST_F(Permission, ProgramsNeedThatForTheirTypeToo) {
  for (uint64_t enough : {kBpf | kPerfmon, kAdmin}) {
    hostport::set_capabilities(enough);
    EXPECT_GE(load(), 0);
  }
  hostport::set_capabilities(kBpf);
  EXPECT_EQ(load(), -EPERM); // it may read all of the kernel
  EXPECT_GE(load(kSocketFilter), 0);
  hostport::set_capabilities(0);
  EXPECT_EQ(load(kSocketFilter), -EPERM);
  hostport::set_capabilities(kPerfmon);
  EXPECT_EQ(load(), -EPERM);
  hostport::set_capabilities(kBpf | kPerfmon);
  EXPECT_EQ(load(kXdp), -EPERM);
  hostport::set_capabilities(kBpf | kPerfmon | bit(KBPF_CAP_NET_ADMIN));
  EXPECT_GE(load(kXdp), 0);
}

TEST_F(Permission, AProgramOfALoaderWithoutPerfmonTellsNoAddress) {
  const std::vector<Insn> tells = assemble({mov64_reg(R0, R1), exit_insn()});
  EXPECT_GE(load_code(kSocketFilter, tells), 0);
  hostport::set_capabilities(kBpf);
  EXPECT_EQ(load_code(kSocketFilter, tells), -EACCES);
  hostport::set_capabilities(kBpf | kPerfmon);
  EXPECT_GE(load_code(kSocketFilter, tells), 0);
}

TEST_F(Permission, MachineCodeIsToldToThoseWhoMayLearnAddresses) {
  const auto program = static_cast<uint32_t>(load(kSocketFilter));
  for (const bool may : {true, false}) {
    hostport::set_capabilities(may ? kBpf | kPerfmon : kBpf);
    uint8_t code[256] = {};
    uint64_t start = 0;
    kbpf_prog_info info{};
    info.jited_prog_insns = address(code);
    info.jited_prog_len = sizeof code;
    info.jited_ksyms = address(&start);
    info.nr_jited_ksyms = 1;
    kbpf_attr_info_by_fd attr{program, sizeof info, address(&info)};
    ASSERT_EQ(bpf(OBJ_GET_INFO_BY_FD, attr), 0);
    EXPECT_EQ(info.jited_prog_insns != 0 && start != 0, may && info.jited_prog_len != 0);
    EXPECT_EQ(info.nr_jited_ksyms, info.jited_prog_len ? 1u : 0u);
  }
}

TEST_F(Permission, WhatIsOfEverybodyNeedsTheAdministrator) {
  const int64_t program = load();
  for (uint64_t capabilities : {uint64_t{0}, ~kAdmin}) {
    hostport::set_capabilities(capabilities);
    for (Command command : {PROG_GET_NEXT_ID, MAP_GET_NEXT_ID, BTF_GET_NEXT_ID, LINK_GET_NEXT_ID})
      EXPECT_EQ(next_id(command), -EPERM) << command;
    for (Command command : {PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID, BTF_GET_FD_BY_ID, LINK_GET_FD_BY_ID})
      EXPECT_EQ(by_id(command), -EPERM) << command;
    EXPECT_EQ(bpf(ENABLE_STATS, kbpf_attr_enable_stats{0}), -EPERM);
    EXPECT_EQ(bpf(TASK_FD_QUERY, kbpf_attr_task_fd_query{}), -EPERM);
  }
  hostport::set_capabilities(kAdmin);
  EXPECT_EQ(next_id(PROG_GET_NEXT_ID), 0);
  EXPECT_GE(program, 0);
}

TEST_F(Permission, ADescriptorIsEnoughForWhatIsBehindIt) {
  const int64_t map = make_map(kHash, 4, 8, 4), program = load(kRawTracepoint);
  hostport::set_capabilities(0);
  uint32_t key = 1;
  uint64_t value = 2;
  EXPECT_EQ(update(map, &key, &value), 0);
  EXPECT_EQ(lookup(map, &key, &value), 0);
  EXPECT_EQ(next_key(map, nullptr, &key), 0);
  EXPECT_EQ(remove(map, &key), 0);
  kbpf_attr_obj pin{};
  pin.pathname = address("/sys/fs/bpf/mine");
  pin.bpf_fd = static_cast<uint32_t>(map);
  EXPECT_EQ(bpf(OBJ_PIN, pin), 0); // names are the file system's to refuse
  pin.bpf_fd = 0;
  EXPECT_GE(bpf(OBJ_GET, pin), 0);
  hostport::unlink_path("/sys/fs/bpf/mine");
  kbpf_attr_prog_test_run run{};
  run.prog_fd = static_cast<uint32_t>(program);
  EXPECT_EQ(bpf(PROG_TEST_RUN, run), 0);
  EXPECT_EQ(bpf(RAW_TRACEPOINT_OPEN,
                kbpf_attr_raw_tracepoint{address("nowhere"), static_cast<uint32_t>(program), 0, 0}),
            -ENOENT);
}

TEST_F(Permission, AttachingByNameNeedsWhatLoadingNeeds) {
  const int64_t program = load();
  kbpf_attr_attach attr{address("kprobe$nowhere"), 14, static_cast<uint32_t>(program)};
  EXPECT_EQ(bpf(PROG_ATTACH, attr), -ENOENT);
  for (uint64_t capabilities : {uint64_t{0}, kBpf, kPerfmon}) {
    hostport::set_capabilities(capabilities);
    EXPECT_EQ(bpf(PROG_ATTACH, attr), -EPERM);
    EXPECT_EQ(bpf(PROG_DETACH, attr), -EPERM);
    EXPECT_EQ(bpf(PROG_LOAD_EX, kbpf_attr_prog_load_ex{}), -EPERM);
  }
}

TEST_F(Permission, AUserHasAShareOfMemory) {
  int64_t map = make_map(kHash, 4, 8, 100);
  EXPECT_GT(hostport::charged_memory(), 100u * 16);
  hostport::set_memory_limit(hostport::charged_memory() + 8192);
  EXPECT_EQ(make_map(kHash, 4, 8, 1000), -ENOMEM);
  EXPECT_EQ(make_map(kArray, 4, 9000, 1), -ENOMEM);
  hostport::close_fd(static_cast<int>(map));
  EXPECT_EQ(hostport::charged_memory(), 0u);

  hostport::set_memory_limit(0);
  EXPECT_EQ(load(), -ENOMEM);
  EXPECT_EQ(load_btf(), -ENOMEM);
  EXPECT_EQ(make_map(kArray, 4, 8, 1), -ENOMEM);
  EXPECT_EQ(hostport::charged_memory(), 0u);
}

TEST_F(Permission, PlacesAndRingsAreOfThatShareToo) {
  alignas(8) static uint32_t text[2] = {0x00150513, 0x00008067}; // addi a0, a0, 1; ret
  hostport::add_text(text, sizeof(text));
  hostport::add_symbol("open", "open", reinterpret_cast<uintptr_t>(text), sizeof(text));
  const int64_t program = load(kKprobe, kKprobeMulti);
  const char *name = "open";
  kbpf_attr_link_create attr{};
  attr.prog_fd = static_cast<uint32_t>(program);
  attr.attach_type = kKprobeMulti;
  attr.kprobe_multi.cnt = 1;
  attr.kprobe_multi.syms = address(&name);
  const kbpf_perf_event_attr wanted{0, 1, 1024, 0, 0};
  kbpf_object *event = nullptr;
  ASSERT_EQ(kbpf_perf_event_create(&wanted, &event), 0);
  hostport::set_memory_limit(hostport::charged_memory());
  EXPECT_EQ(bpf(LINK_CREATE, attr), -ENOMEM);
  EXPECT_EQ(kbpf_object_map(event, 0, 3 * 4096, 1), -EPERM);
  hostport::set_memory_limit(~uint64_t{0});
  EXPECT_GE(bpf(LINK_CREATE, attr), 0);
  EXPECT_EQ(kbpf_object_map(event, 0, 3 * 4096, 1), 0);
  kbpf_object_unmap(event, 0, 3 * 4096, 1);
  kbpf_object_release(event);
}

TEST_F(Permission, FieldsThatNobodyKnowsAreTooBigForEachCommand) {
  const uint64_t commands[] = {
#define KBPF_COMMAND(number, name, NAME, since, text) number,
#include "abi/commands.def"
#undef KBPF_COMMAND
  };
  alignas(8) char attr[4096] = {};
  attr[4095] = 1;
  for (uint64_t command : commands) {
    EXPECT_EQ(kbpf_syscall(command, address(attr), sizeof(attr)), -E2BIG) << command;
    EXPECT_EQ(kbpf_syscall(command, address(attr), sizeof(attr) + 1), -E2BIG) << command;
    EXPECT_EQ(kbpf_syscall(command, kBadAddress, 16), -EFAULT) << command;
  }
}

} // namespace
} // namespace kbpf::test
