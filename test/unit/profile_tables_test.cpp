// SPDX-License-Identifier: MIT OR Apache-2.0
// The ABI tables against Linux's UAPI header, and the look-ups of a profile.
#include "abi/attr.h"
#include "abi/info.h"
#include "abi/insn.h"
#include "core/profile/digest.h"
#include "core/profile/profile.h"
#include <cstddef>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <map>
#include <string>

namespace kbpf {
namespace {

// The old spelling of the list separates its entries by commas, the new one by nothing.
struct NamedNumber {
  const char *name;
  uint32_t number;
};
#ifdef ___BPF_FUNC_MAPPER
#define HELPER_ENTRY(name, number, ...) {#name, number},
constexpr NamedNumber kHeaderHelpers[] = {___BPF_FUNC_MAPPER(HELPER_ENTRY, )};
#else
#define HELPER_ENTRY(name) {#name, BPF_FUNC_##name}
constexpr NamedNumber kHeaderHelpers[] = {__BPF_FUNC_MAPPER(HELPER_ENTRY)};
#endif

const std::map<std::string, uint32_t, std::less<>> &linux_helpers() {
  static const auto helpers = [] {
    std::map<std::string, uint32_t, std::less<>> table;
    for (const auto &[name, number] : kHeaderHelpers)
      table[name] = number;
    return table;
  }();
  return helpers;
}

TEST(ProfileTables, KbpfHelpersHaveTheNumbersOfLinux) {
  for (const HelperProto &helper : kKbpfProfile.helpers) {
    if (helper.number >= 0x10000)
      continue;
    auto found = linux_helpers().find(helper.name);
    ASSERT_NE(found, linux_helpers().end()) << helper.name;
    EXPECT_EQ(found->second, helper.number) << helper.name;
  }
}

TEST(ProfileTables, LinuxProfileNamesEveryHelperOfTheSystemHeader) {
  for (const auto &[name, number] : linux_helpers()) {
    if (number == 0)
      continue;
    const HelperProto *helper = kLinuxProfile.helper(number);
    ASSERT_TRUE(helper) << name;
    EXPECT_EQ(helper->name, name);
  }
}

TEST(ProfileTables, MapTypesHaveTheNumbersOfLinux) {
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text) EXPECT_EQ(number, BPF_MAP_TYPE_##NAME);
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
}

TEST(ProfileTables, ProgramTypesHaveTheNumbersOfLinux) {
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text) EXPECT_EQ(number, BPF_PROG_TYPE_##NAME);
#define KBPF_SECTION(prefix, type, kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, type, since)
#include "abi/prog_types.def"
#undef KBPF_PROG_TYPE
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND
}

TEST(ProfileTables, CommandsBelow1000HaveTheNumbersOfLinux) {
  std::map<std::string_view, int> ours;
#define KBPF_COMMAND(number, name, NAME, since, text) ours[#NAME] = number;
#include "abi/commands.def"
#undef KBPF_COMMAND
  EXPECT_EQ(ours["MAP_CREATE"], BPF_MAP_CREATE);
  EXPECT_EQ(ours["MAP_LOOKUP_ELEM"], BPF_MAP_LOOKUP_ELEM);
  EXPECT_EQ(ours["MAP_UPDATE_ELEM"], BPF_MAP_UPDATE_ELEM);
  EXPECT_EQ(ours["MAP_DELETE_ELEM"], BPF_MAP_DELETE_ELEM);
  EXPECT_EQ(ours["MAP_GET_NEXT_KEY"], BPF_MAP_GET_NEXT_KEY);
  EXPECT_EQ(ours["PROG_LOAD"], BPF_PROG_LOAD);
  EXPECT_EQ(ours["OBJ_PIN"], BPF_OBJ_PIN);
  EXPECT_EQ(ours["OBJ_GET"], BPF_OBJ_GET);
  EXPECT_EQ(ours["PROG_ATTACH"], BPF_PROG_ATTACH);
  EXPECT_EQ(ours["PROG_DETACH"], BPF_PROG_DETACH);
  EXPECT_EQ(ours["PROG_LOAD_EX"], 1000);
}

#define EXPECT_SAME_PLACE(record, ours, theirs)                                                              \
  EXPECT_EQ(offsetof(record, ours), offsetof(bpf_attr, theirs));                                             \
  EXPECT_EQ(sizeof(record::ours), sizeof(bpf_attr::theirs))

TEST(AttrLayout, MapCreateIsLaidOutAsInLinux) {
  EXPECT_SAME_PLACE(kbpf_attr_map_create, map_type, map_type);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, key_size, key_size);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, value_size, value_size);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, max_entries, max_entries);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, map_flags, map_flags);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, inner_map_fd, inner_map_fd);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, numa_node, numa_node);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, map_name, map_name);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, map_ifindex, map_ifindex);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, btf_fd, btf_fd);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, btf_key_type_id, btf_key_type_id);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, btf_value_type_id, btf_value_type_id);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, btf_vmlinux_value_type_id, btf_vmlinux_value_type_id);
  EXPECT_SAME_PLACE(kbpf_attr_map_create, map_extra, map_extra);
}

TEST(AttrLayout, MapElementIsLaidOutAsInLinux) {
  // Linux declares these members in an unnamed struct of a union whose first member has the same name.
  EXPECT_SAME_PLACE(kbpf_attr_map_elem, map_fd, map_fd);
  EXPECT_SAME_PLACE(kbpf_attr_map_elem, key, key);
  EXPECT_SAME_PLACE(kbpf_attr_map_elem, value, value);
  EXPECT_SAME_PLACE(kbpf_attr_map_elem, flags, flags);
  EXPECT_EQ(offsetof(kbpf_attr_map_elem, value), offsetof(bpf_attr, next_key));
}

TEST(AttrLayout, MapBatchIsLaidOutAsInLinux) {
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, in_batch, batch.in_batch);
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, out_batch, batch.out_batch);
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, keys, batch.keys);
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, values, batch.values);
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, count, batch.count);
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, map_fd, batch.map_fd);
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, elem_flags, batch.elem_flags);
  EXPECT_SAME_PLACE(kbpf_attr_map_batch, flags, batch.flags);
}

TEST(AttrLayout, IdsAndInfoAreLaidOutAsInLinux) {
  EXPECT_SAME_PLACE(kbpf_attr_get_id, id, start_id);
  EXPECT_SAME_PLACE(kbpf_attr_get_id, next_id, next_id);
  EXPECT_SAME_PLACE(kbpf_attr_get_id, open_flags, open_flags);
  EXPECT_SAME_PLACE(kbpf_attr_info_by_fd, bpf_fd, info.bpf_fd);
  EXPECT_SAME_PLACE(kbpf_attr_info_by_fd, info_len, info.info_len);
  EXPECT_SAME_PLACE(kbpf_attr_info_by_fd, info, info.info);
#define EXPECT_SAME_OFFSET(ours, theirs, member) EXPECT_EQ(offsetof(ours, member), offsetof(theirs, member))
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, tag);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, xlated_prog_insns);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, map_ids);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, name);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, netns_dev);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, jited_func_lens);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, line_info);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, prog_tags);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, run_cnt);
  EXPECT_SAME_OFFSET(kbpf_prog_info, bpf_prog_info, verified_insns);
  EXPECT_SAME_OFFSET(kbpf_map_info, bpf_map_info, name);
  EXPECT_SAME_OFFSET(kbpf_map_info, bpf_map_info, netns_ino);
  EXPECT_SAME_OFFSET(kbpf_map_info, bpf_map_info, btf_value_type_id);
  EXPECT_SAME_OFFSET(kbpf_map_info, bpf_map_info, map_extra);
#undef EXPECT_SAME_OFFSET
}

TEST(AttrLayout, ProgLoadIsLaidOutAsInLinux) {
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, prog_type, prog_type);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, insn_cnt, insn_cnt);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, insns, insns);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, license, license);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, log_level, log_level);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, log_size, log_size);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, log_buf, log_buf);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, kern_version, kern_version);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, prog_flags, prog_flags);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, prog_name, prog_name);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, prog_ifindex, prog_ifindex);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, expected_attach_type, expected_attach_type);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, prog_btf_fd, prog_btf_fd);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, func_info_rec_size, func_info_rec_size);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, func_info, func_info);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, func_info_cnt, func_info_cnt);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, line_info_rec_size, line_info_rec_size);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, line_info, line_info);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, line_info_cnt, line_info_cnt);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, attach_btf_id, attach_btf_id);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, attach_prog_fd, attach_prog_fd);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, core_relo_cnt, core_relo_cnt);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, fd_array, fd_array);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, core_relos, core_relos);
  EXPECT_SAME_PLACE(kbpf_attr_prog_load, core_relo_rec_size, core_relo_rec_size);
}

TEST(AttrLayout, PseudoRegistersAndFlagsAreThoseOfLinux) {
  EXPECT_EQ(KBPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_FD);
  EXPECT_EQ(KBPF_PSEUDO_MAP_VALUE, BPF_PSEUDO_MAP_VALUE);
  EXPECT_EQ(KBPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX);
  EXPECT_EQ(KBPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_IDX_VALUE);
  EXPECT_EQ(KBPF_PSEUDO_BTF_ID, BPF_PSEUDO_BTF_ID);
  EXPECT_EQ(KBPF_PSEUDO_FUNC, BPF_PSEUDO_FUNC);
  EXPECT_EQ(KBPF_PSEUDO_CALL, BPF_PSEUDO_CALL);
  EXPECT_EQ(KBPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_KFUNC_CALL);
  EXPECT_EQ(KBPF_MAP_F_NO_PREALLOC, BPF_F_NO_PREALLOC);
  EXPECT_EQ(KBPF_MAP_F_RDONLY_PROG, BPF_F_RDONLY_PROG);
  EXPECT_EQ(KBPF_MAP_F_WRONLY_PROG, BPF_F_WRONLY_PROG);
  EXPECT_EQ(KBPF_MAP_F_MMAPABLE, BPF_F_MMAPABLE);
}

TEST(Profile, HelperIsFoundByNumberAndByEitherFormOfItsName) {
  const HelperProto *helper = kKbpfProfile.helper(6u);
  ASSERT_TRUE(helper);
  EXPECT_EQ(helper->name, "trace_printk");
  EXPECT_EQ(kKbpfProfile.helper("trace_printk"), helper);
  EXPECT_EQ(kKbpfProfile.helper("bpf_trace_printk"), helper);
}

TEST(Profile, UnknownHelperIsNotFound) {
  EXPECT_EQ(kKbpfProfile.helper(0u), nullptr);
  EXPECT_EQ(kKbpfProfile.helper(4711u), nullptr);
  EXPECT_EQ(kKbpfProfile.helper(0xffffffffu), nullptr);
  EXPECT_EQ(kKbpfProfile.helper("bpf_no_such_helper"), nullptr);
}

TEST(Profile, SectionNameIsSplitAtItsPrefix) {
  std::string_view extra;
  const SectionInfo *section = kKbpfProfile.section("kprobe/do_sys_open", &extra);
  ASSERT_TRUE(section);
  EXPECT_EQ(section->prefix, "kprobe");
  EXPECT_EQ(extra, "do_sys_open");
  EXPECT_EQ(section->prog_type, BPF_PROG_TYPE_KPROBE);
}

TEST(Profile, SectionPrefixWithAtSignIsNotTakenForTheShorterOne) {
  std::string_view extra;
  const SectionInfo *section = kKbpfProfile.section("kretprobe@entry/f", &extra);
  ASSERT_TRUE(section);
  EXPECT_EQ(section->prefix, "kretprobe@entry");
  EXPECT_EQ(section->attach_kind, 1u);
  EXPECT_EQ(extra, "f");
}

TEST(Profile, SectionNameWithoutExtraGivesAnEmptyOne) {
  std::string_view extra = "untouched";
  ASSERT_TRUE(kKbpfProfile.section("kprobe", &extra));
  EXPECT_EQ(extra, "");
}

TEST(Profile, LongestSectionPrefixWins) {
  std::string_view extra;
  const SectionInfo *section = kLinuxProfile.section("xdp/devmap", &extra);
  ASSERT_TRUE(section);
  EXPECT_EQ(section->prefix, "xdp/devmap");
  section = kLinuxProfile.section("tp/syscalls/sys_enter_openat", &extra);
  ASSERT_TRUE(section);
  EXPECT_EQ(extra, "syscalls/sys_enter_openat");
}

TEST(Profile, SectionThatOnlyBeginsLikeAPrefixIsNotFound) {
  EXPECT_EQ(kKbpfProfile.section("kprobes/f", nullptr), nullptr);
  EXPECT_EQ(kKbpfProfile.section("", nullptr), nullptr);
  EXPECT_EQ(kLinuxProfile.section("socket/extra", nullptr), nullptr) << "takes no extra part";
}

TEST(Profile, AreFoundByNameAndNumber) {
  EXPECT_EQ(find_profile("kbpf"), &kKbpfProfile);
  EXPECT_EQ(find_profile("zcore"), &kZcoreProfile);
  EXPECT_EQ(find_profile("linux"), &kLinuxProfile);
  EXPECT_EQ(find_profile("none"), nullptr);
  EXPECT_EQ(find_profile(uint32_t{KBPF_PROFILE_ZCORE}), &kZcoreProfile);
  EXPECT_EQ(find_profile(99u), nullptr);
}

TEST(Profile, EveryByteOfAContextHasAtMostOneField) {
  for (const Profile *profile : {&kKbpfProfile, &kZcoreProfile, &kLinuxProfile})
    for (const ProgTypeInfo &type : profile->prog_types) {
      if (!type.context)
        continue;
      for (uint64_t offset = 0; offset < type.context->size + 8u; offset++) {
        const ContextField *holder = nullptr;
        for (const ContextField &field : type.context->fields)
          if (field.offset <= offset && offset < uint64_t{field.offset} + field.size) {
            EXPECT_FALSE(holder) << type.name << " " << offset;
            holder = &field;
          }
        EXPECT_EQ(type.context->field_at(offset), holder) << type.name << " " << offset;
      }
      EXPECT_FALSE(type.context->field_at(~uint64_t{0}));
    }
}

TEST(Profile, ZcoreProgramsSeeTheTrapFrameAndKbpfProgramsPtRegs) {
  EXPECT_EQ(kZcoreProfile.prog_type(BPF_PROG_TYPE_KPROBE)->context->name, "zcore_probe");
  EXPECT_EQ(kKbpfProfile.prog_type(BPF_PROG_TYPE_KPROBE)->context->name, "pt_regs");
}

TEST(Profile, DigestChangesWithTheTables) {
  EXPECT_EQ(kKbpfProfile.tables_digest, digest(kKbpfProfile));
  EXPECT_NE(kKbpfProfile.tables_digest, kZcoreProfile.tables_digest);
  Profile changed = kKbpfProfile;
  changed.helpers = changed.helpers.subspan(1);
  EXPECT_NE(digest(changed), kKbpfProfile.tables_digest);
}

} // namespace
} // namespace kbpf
