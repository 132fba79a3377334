// SPDX-License-Identifier: MIT OR Apache-2.0
// Build-time tool: prints the headers that state the ABI, from the ABI's tables.
//   generate_headers helpers   <bpf/bpf_helper_defs.h>: as in libbpf's header of that name, each helper is a
//   constant
//                              pointer whose value is its number, which the BPF back end turns into a call by
//                              number
//   generate_headers numbers   <kbpf/numbers.h>: Linux's map types, program types and helper numbers
//   generate_headers used FILE...  for helper_declarations.cpp: the helpers that these headers use, sorted
#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace {

struct Helper {
  int number;
  const char *name;
  const char *prototype;
  const char *text;
};

#define KBPF_HELPER(number, name, ret, a1, a2, a3, a4, a5, types, flags, since, prototype, text)             \
  {number, #name, prototype, text},
constexpr Helper kKbpfHelpers[] = {
#include "abi/helpers.def"
};
constexpr Helper kZcoreHelpers[] = {
#include "abi/helpers_zcore.def"
};
#undef KBPF_HELPER

struct Number {
  int number;
  const char *name;
};
#define ROW(number, name, ...) {number, #name},
#define KBPF_LINUX_MAP_TYPE ROW
constexpr Number kMapTypes[] = {
#include "abi/linux.def"
};
#define KBPF_LINUX_PROG_TYPE ROW
constexpr Number kProgTypes[] = {
#include "abi/linux.def"
};
#define KBPF_LINUX_HELPER ROW
constexpr Number kLinuxHelpers[] = {
#include "abi/linux.def"
};
#undef ROW

// What abi/helpers.def lacks of Linux's helpers. A name in both is taken from there.
struct LinuxPrototype {
  const char *ret;
  const char *name;
  const char *parameters;
};
#define LINUX_STRUCT(tag)
#define LINUX_PROTOTYPE(ret, name, ...) {#ret, #name, #__VA_ARGS__},
constexpr LinuxPrototype kLinuxPrototypes[] = {
#include "linux_prototypes.def"
};
#undef LINUX_STRUCT
#undef LINUX_PROTOTYPE
#define LINUX_STRUCT(tag) #tag,
#define LINUX_PROTOTYPE(ret, name, ...)
constexpr const char *kLinuxStructs[] = {
#include "linux_prototypes.def"
};

template <typename Row, size_t N> const Row *find(const Row (&rows)[N], std::string_view name) {
  for (const Row &row : rows)
    if (name == row.name)
      return &row;
  return nullptr;
}

// Every helper of Linux that the kernel lacks. False: the tables contradict each other.
bool print_linux_helpers() {
  for (const Number &helper : kLinuxHelpers) {
    if (find(kKbpfHelpers, helper.name))
      continue;
    const LinuxPrototype *prototype = find(kLinuxPrototypes, helper.name);
    if (!prototype) {
      std::fprintf(stderr, "helper %s has no prototype in linux_prototypes.def\n", helper.name);
      return false;
    }
    std::printf("static %s (*const bpf_%s)(%s) = (void *)%d;\n", prototype->ret, helper.name,
                prototype->parameters, helper.number);
  }
  for (const LinuxPrototype &prototype : kLinuxPrototypes)
    if (!find(kLinuxHelpers, prototype.name)) {
      std::fprintf(stderr, "abi/linux.def has no helper %s\n", prototype.name);
      return false;
    }
  return true;
}

template <size_t N> void print_helpers(const Helper (&helpers)[N]) {
  for (const Helper &helper : helpers) {
    std::string declaration = helper.prototype;
    std::string name = std::string("bpf_") + helper.name;
    declaration.replace(declaration.find(name + '('), name.size(), "(*const " + name + ")");
    std::printf("/* %s */\nstatic %s = (void *)%d;\n", helper.text, declaration.c_str(), helper.number);
  }
}

template <size_t N> void print_enum(const char *tag, const char *prefix, const char *unspecified,
                                    const Number (&numbers)[N], bool upper) {
  std::printf("enum %s {\n  %s = 0,\n", tag, unspecified);
  for (const Number &row : numbers) {
    std::string name = row.name;
    if (upper)
      for (char &c : name)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    std::printf("  %s%s = %d,\n", prefix, name.c_str(), row.number);
  }
  std::puts("};");
}

bool print_helper_defs() {
  std::puts(
      "/* SPDX-License-Identifier: MIT OR Apache-2.0\n"
      " * The helpers that the kernel offers, from the table which the kernel itself is built from. */\n"
      "#ifndef __BPF_HELPER_DEFS_H__\n#define __BPF_HELPER_DEFS_H__\n"
      "#include <kbpf/types.h>\n"
      "#ifdef __KBPF_ABI_ZCORE__");
  print_helpers(kZcoreHelpers);
  std::puts("#else");
  for (const char *tag : kLinuxStructs) // a name that a prototype brings would mean that prototype's own
    std::printf("struct %s;\n", tag);
  print_helpers(kKbpfHelpers);
  std::puts("/* Linux's others. Calling one that the kernel does not have is an error of the relocator. */");
  bool complete = print_linux_helpers();
  std::puts("#include <kbpf/kernel_helpers.h>");
  std::puts("#endif\n#endif");
  return complete;
}

void print_numbers() {
  std::puts("/* SPDX-License-Identifier: MIT OR Apache-2.0\n"
            " * Linux's numbers; a kernel may have fewer of each. */\n"
            "#ifndef KBPF_NUMBERS_H\n#define KBPF_NUMBERS_H");
  print_enum("bpf_map_type", "BPF_MAP_TYPE_", "BPF_MAP_TYPE_UNSPEC", kMapTypes, true);
  print_enum("bpf_prog_type", "BPF_PROG_TYPE_", "BPF_PROG_TYPE_UNSPEC", kProgTypes, true);
  print_enum("bpf_func_id", "BPF_FUNC_", "BPF_FUNC_unspec", kLinuxHelpers, false);
  std::puts("#endif");
}

// False: a file cannot be read.
bool print_used_helpers(int count, char **paths) {
  std::set<std::string> used;
  for (int i = 0; i < count; i++) {
    std::ifstream file(paths[i]);
    if (!file)
      return false;
    const std::string text(std::istreambuf_iterator<char>(file), {});
    constexpr std::string_view kPrefix = "bpf_";
    for (size_t at = 0; (at = text.find(kPrefix, at)) != text.npos;) {
      at += kPrefix.size();
      const std::string name =
          text.substr(at, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", at) - at);
      if (find(kKbpfHelpers, name) || find(kZcoreHelpers, name) || find(kLinuxHelpers, name))
        used.insert(name);
    }
  }
  for (const std::string &name : used)
    std::printf("\"%s\",\n", name.c_str());
  return true;
}

} // namespace

int main(int argc, char **argv) {
  std::string_view what = argc >= 2 ? argv[1] : "";
  if (what == "used") {
    return print_used_helpers(argc - 2, argv + 2) ? 0 : 1;
  } else if (what == "helpers") {
    return print_helper_defs() ? 0 : 1;
  } else if (what == "numbers") {
    print_numbers();
  } else {
    std::fputs("usage: generate_headers helpers|numbers|used FILE...\n", stderr);
    return 1;
  }
}
