// SPDX-License-Identifier: MIT OR Apache-2.0
// Build-time tool: prints <bpf/bpf_helper_defs.h> from the helper tables. As in libbpf's header of that name,
// each helper is a constant pointer whose value is the helper's number, which the BPF back end turns into a
// call by number.
#include <cstdio>
#include <string>

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

template <size_t N> void print(const Helper (&helpers)[N]) {
  for (const Helper &helper : helpers) {
    std::string declaration = helper.prototype;
    std::string name = std::string("bpf_") + helper.name;
    declaration.replace(declaration.find(name + '('), name.size(), "(*const " + name + ")");
    std::printf("/* %s */\nstatic %s = (void *)%d;\n", helper.text, declaration.c_str(), helper.number);
  }
}

} // namespace

int main() {
  std::puts(
      "/* SPDX-License-Identifier: MIT OR Apache-2.0\n"
      " * The helpers that the kernel offers, from the table which the kernel itself is built from. */\n"
      "#ifndef __BPF_HELPER_DEFS_H__\n#define __BPF_HELPER_DEFS_H__\n"
      "#ifdef __KBPF_ABI_ZCORE__");
  print(kZcoreHelpers);
  std::puts("#else");
  print(kKbpfHelpers);
  std::puts("#endif\n#endif");
}
