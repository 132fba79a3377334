// SPDX-License-Identifier: MIT OR Apache-2.0
// Where values of maps keep objects of the kernel, by types that may be hostile.
#include "btf_builder.h"
#include "core/btf/check.h"
#include "core/verifier/record_fields.h"
#include "insn_builders.h"
#include "verify_fixture.h"
#include <array>
#include <random>

namespace kbpf {
namespace {

using namespace test;
using Kind = RecordField::Kind;

// Types in their own memory.
struct Types {
  explicit Types(std::string blob) : bytes(std::move(blob)) {
    const Result<Btf> parsed = Btf::parse(std::as_bytes(std::span(bytes)), arena, nullptr);
    is_good = parsed.ok() && check_references(*parsed, arena, nullptr).ok();
    if (parsed.ok())
      btf = *parsed;
  }
  std::string bytes;
  Arena arena{malloc_source(), size_t{16} << 20};
  Btf btf;
  bool is_good;
};

const Types &kernel() {
  static const Types types([] {
    BtfBuilder builder;
    const uint32_t number = builder.integer();
    builder.structure("task_struct", 4, {{"pid", number, 0}});
    builder.structure("file", 4, {{"mode", number, 0}});
    return builder.build();
  }());
  return types;
}

// A value's types: ids of pointers to a struct of that name, with a tag.
struct ValueBuilder : BtfBuilder {
  uint32_t number = integer();
  uint32_t index = integer("index");
  uint32_t kept(const std::string &name, const std::string &tag) {
    return pointer(add(KBPF_BTF_KIND_TYPE_TAG, tag, structure(name, 4, {{"unknown", number, 0}})));
  }
};

Result<size_t> find(const ValueBuilder &builder, uint32_t type, std::array<RecordField, kMostFields> &fields,
                    uint64_t offset = 0) {
  const Types types(builder.build());
  EXPECT_TRUE(types.is_good && kernel().is_good);
  return find_fields(types.btf, {type, offset}, RecordOf::map, {&kernel().btf}, fields);
}

TEST(RecordFields, AreFoundInMembersAndArraysByOffset) {
  ValueBuilder builder;
  const uint32_t held = builder.kept("task_struct", "kptr"), loose = builder.kept("file", "kptr_untrusted"),
                 many = builder.array(held, builder.index, 2),
                 inner = builder.structure("inner", 24, {{"number", builder.number, 0}, {"many", many, 64}}),
                 value = builder.structure("value", 40,
                                           {{"first", held, 0}, {"inner", inner, 64}, {"loose", loose, 256}});
  std::array<RecordField, kMostFields> fields;
  const Result<size_t> count = find(builder, value, fields, 100);
  ASSERT_TRUE(count.ok());
  ASSERT_EQ(*count, 4u);
  const uint32_t offsets[] = {100, 116, 124, 132};
  for (size_t i = 0; i < 4; i++) {
    EXPECT_EQ(fields[i].offset, offsets[i]);
    EXPECT_EQ(fields[i].kind, i == 3 ? Kind::untrusted : Kind::held);
    EXPECT_EQ(fields[i].type_id, kernel().btf.find(i == 3 ? "file" : "task_struct", BtfKind::structure));
  }
}

TEST(RecordFields, OfOtherTypesCannotBeUsed) {
  ValueBuilder builder;
  const uint32_t value =
      builder.structure("value", 32,
                        {{"no_destructor", builder.kept("file", "kptr"), 0},
                         {"own_type", builder.kept("node", "kptr"), 64},
                         {"own_type_untrusted", builder.kept("node", "kptr_untrusted"), 128},
                         {"per_cpu", builder.kept("task_struct", "percpu_kptr"), 192}});
  std::array<RecordField, kMostFields> fields;
  const Result<size_t> count = find(builder, value, fields);
  ASSERT_TRUE(count.ok());
  ASSERT_EQ(*count, 4u);
  const Kind kinds[] = {Kind::unusable, Kind::held, Kind::untrusted, Kind::unusable};
  for (size_t i = 0; i < 4; i++) {
    EXPECT_EQ(fields[i].kind, kinds[i]) << fields[i].offset;
    EXPECT_EQ(fields[i].is_local, i == 1 || i == 2) << fields[i].offset;
  }
}

// Structures that lie in others, by the names that Linux knows.
struct ObjectBuilder : ValueBuilder {
  uint32_t word = integer("word", 8);
  uint32_t field(const std::string &name, uint32_t size) {
    return structure(name, size, {{"opaque", size % 8 ? number : word, 0}});
  }
  uint32_t lock = field("bpf_spin_lock", 4), head = field("bpf_list_head", 16),
           node = field("bpf_list_node", 24), root = field("bpf_rb_root", 16),
           tree_node = field("bpf_rb_node", 32), count = field("bpf_refcount", 4);
  void contain(uint32_t structure, uint32_t member, const std::string &what) {
    add(KBPF_BTF_KIND_DECL_TAG, "contains:" + what, structure, {member});
  }
  // The record of the structure, judged as Linux judges it.
  ObjectRecord describe(uint32_t type) const {
    const Types types(build());
    EXPECT_TRUE(types.is_good && kernel().is_good);
    return describe_object(types.btf, type, {&kernel().btf});
  }
};

TEST(RecordFields, OfAllocatedObjectsAreFoundByName) {
  ObjectBuilder builder;
  const uint32_t item = builder.structure("item", 40, {{"key", builder.word, 0}, {"node", builder.node, 64}}),
                 owner = builder.structure(
                     "owner", 32,
                     {{"lock", builder.lock, 0}, {"count", builder.count, 32}, {"head", builder.head, 64}});
  builder.contain(owner, 2, "item:node");
  const ObjectRecord record = builder.describe(owner);
  EXPECT_FALSE(record.is_refused);
  ASSERT_EQ(record.count, 3u);
  EXPECT_EQ(record.fields[0].kind, Kind::spin_lock);
  EXPECT_EQ(record.fields[1].kind, Kind::refcount);
  EXPECT_EQ(record.fields[2].kind, Kind::list_head);
  EXPECT_EQ(record.fields[2].type_id, item);
  EXPECT_EQ(record.fields[2].node_offset, 8u);
  EXPECT_TRUE(builder.describe(item).has_node());
  EXPECT_EQ(builder.describe(item).fields[0].size(), 24u);
}

TEST(RecordFields, AListNeedsALockAndATagThatSaysWhatItHas) {
  const auto is_refused = [](bool locked, const std::vector<std::string> &tags) {
    ObjectBuilder builder;
    builder.structure("item", 40, {{"key", builder.word, 0}, {"node", builder.node, 64}});
    const uint32_t owner = builder.structure(
        "owner", 24, {{"lock", locked ? builder.lock : builder.number, 0}, {"head", builder.head, 64}});
    for (const std::string &tag : tags)
      builder.contain(owner, 1, tag);
    return builder.describe(owner).is_refused;
  };
  EXPECT_FALSE(is_refused(true, {"item:node"}));
  EXPECT_TRUE(is_refused(false, {"item:node"}));
  EXPECT_TRUE(is_refused(true, {}));
  EXPECT_TRUE(is_refused(true, {"item:node", "item:node"}));
  for (const char *tag : {"", "item", "item:", "item:key", "item:other", "other:node", ":node", "item:node:"})
    EXPECT_TRUE(is_refused(true, {tag})) << tag;
}

TEST(RecordFields, NothingComesToOwnItself) {
  for (const bool is_ring : {false, true}) {
    ObjectBuilder builder;
    const auto link = [&](const std::string &name) {
      return builder.structure(
          name, 48, {{"lock", builder.lock, 0}, {"node", builder.node, 64}, {"head", builder.head, 256}});
    };
    const uint32_t first = link("first"), second = link("second"), third = link("third");
    builder.structure("last", 24, {{"node", builder.node, 0}});
    builder.contain(first, 2, "second:node");
    builder.contain(second, 2, "third:node");
    builder.contain(third, 2, is_ring ? "first:node" : "last:node");
    for (const uint32_t type : {first, second, third})
      EXPECT_EQ(builder.describe(type).is_refused, is_ring) << type;
  }
}

TEST(RecordFields, WhatCanBeInSeveralIsCounted) {
  for (const bool is_counted : {false, true}) {
    ObjectBuilder builder;
    const uint32_t both = builder.structure("both", 72,
                                            {{"count", is_counted ? builder.count : builder.number, 0},
                                             {"node", builder.node, 64},
                                             {"in_tree", builder.tree_node, 256}});
    EXPECT_EQ(builder.describe(both).is_refused, !is_counted);
  }
}

TEST(RecordFields, OtherPointersAreNone) {
  ValueBuilder builder;
  const uint32_t task = builder.structure("task_struct", 4, {{"unknown", builder.number, 0}}),
                 value = builder.structure("value", 16,
                                           {{"plain", builder.pointer(task), 0},
                                            {"user", builder.kept("task_struct", "user"), 64}});
  std::array<RecordField, kMostFields> fields;
  const Result<size_t> count = find(builder, value, fields);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(*count, 0u);
}

TEST(RecordFields, AreNoMoreThanThereIsRoomFor) {
  for (uint32_t elements : {uint32_t{kMostFields}, uint32_t{kMostFields + 1}, uint32_t{1} << 28}) {
    ValueBuilder builder;
    const uint32_t many = builder.array(builder.kept("task_struct", "kptr"), builder.index, elements);
    std::array<RecordField, kMostFields> fields;
    const Result<size_t> count = find(builder, many, fields);
    EXPECT_EQ(count.ok(), elements == kMostFields) << elements;
    if (!count.ok())
      EXPECT_EQ(count.error(), Error::too_big);
  }
}

TEST(RecordFields, ChangedTypesBreakNothing) {
  ValueBuilder builder;
  const uint32_t held = builder.kept("task_struct", "kptr"), many = builder.array(held, builder.index, 3),
                 inner = builder.structure("inner", 24, {{"many", many, 0}}),
                 value = builder.structure("value", 56,
                                           {{"inner", inner, 0}, {"again", inner, 192}, {"held", held, 384}});
  const std::string blob = builder.build();
  std::mt19937 random(4711);
  uint32_t found = 0;
  for (int round = 0; round < 4000; round++) {
    std::string changed = blob;
    for (int change = 0; change < 2; change++)
      changed[sizeof(kbpf_btf_header) + random() % (changed.size() - sizeof(kbpf_btf_header))] =
          static_cast<char>(random());
    const Types types(changed);
    std::array<RecordField, kMostFields> fields;
    if (!types.is_good)
      continue;
    const Result<size_t> count = find_fields(types.btf, {value}, RecordOf::map, {&kernel().btf}, fields);
    if (!count.ok())
      continue;
    found += *count > 0;
    ASSERT_LE(*count, fields.size());
    for (size_t i = 1; i < *count; i++)
      EXPECT_LE(fields[i - 1].offset, fields[i].offset);
  }
  EXPECT_GT(found, 0u);
}

} // namespace
} // namespace kbpf
