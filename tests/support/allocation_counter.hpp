// How often a child of the test asks for memory, by tests/preload/allocation_counter.cpp.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "server/fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {

/// While it lives, programs that this process starts have their allocations counted, all in one
/// number. Make it before threads that look at the environment. Not for programs with a sanitizer,
/// which have a malloc of their own. Throws std::system_error.
class AllocationCounter {
  public:
    AllocationCounter() {
        const auto library = std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                             "liballocation_counter.so";
        if (!std::filesystem::exists(library))
            throw std::system_error(ENOENT, std::generic_category(), library.string());
        const auto name = directory_.write("allocations", std::string(sizeof *count_, '\0'));
        const Fd file(::open(name.c_str(), O_RDWR | O_CLOEXEC));
        void* mapped =
            ::mmap(nullptr, sizeof *count_, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (mapped == MAP_FAILED)
            throw std::system_error(errno, std::generic_category(), name.string());
        count_ = static_cast<const Count*>(mapped);
        ::setenv("LD_PRELOAD", library.c_str(), 1);
        ::setenv("BASEHTTP_TEST_ALLOCATIONS", name.c_str(), 1);
    }
    AllocationCounter(const AllocationCounter&) = delete;
    AllocationCounter& operator=(const AllocationCounter&) = delete;
    ~AllocationCounter() {
        ::unsetenv("LD_PRELOAD");
        ::unsetenv("BASEHTTP_TEST_ALLOCATIONS");
        ::munmap(const_cast<Count*>(count_), sizeof *count_);
    }

    /// Calls of malloc and its kin so far. 0: no program has the library.
    std::uint64_t count() const { return count_->load(); }

  private:
    using Count = std::atomic<std::uint64_t>;

    TempDir directory_;
    const Count* count_ = nullptr;
};

}  // namespace basehttp
