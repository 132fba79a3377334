// SPDX-License-Identifier: MIT OR Apache-2.0
// The pages of a mapped file with its name, which /proc/PID/maps tells.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

// The pages themselves where there is no memory for a name.
Ref<PageSource> name_source(Ref<PageSource> pages, std::string_view path, const Inode &inode);

} // namespace refkernel
