// A library for LD_PRELOAD that counts how often the process, with all its threads, asks for
// memory. The number stands in the file that BASEHTTP_TEST_ALLOCATIONS names (eight bytes at
// least): who started the process maps it too and reads it at any time; see
// tests/support/allocation_counter.hpp. The memory itself still comes from glibc.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#define EXPORTED extern "C" __attribute__((visibility("default")))

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

using Count = std::atomic<std::uint64_t>;
static_assert(Count::is_always_lock_free && sizeof(Count) == 8);

Count before_the_file;
Count* allocations = &before_the_file;

void count() { allocations->fetch_add(1, std::memory_order_relaxed); }

/// Before main(), where there is one thread.
__attribute__((constructor)) void map_file() {
    const char* name = std::getenv("BASEHTTP_TEST_ALLOCATIONS");
    if (name == nullptr) return;
    const int file = ::open(name, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void* mapped = ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (mapped == MAP_FAILED) return;
    auto* shared = static_cast<Count*>(mapped);
    shared->fetch_add(before_the_file.load() + 1);  // never 0: it tells that we are loaded
    allocations = shared;
}

}  // namespace

EXPORTED void* malloc(std::size_t size) noexcept {
    count();
    return __libc_malloc(size);
}

EXPORTED void* calloc(std::size_t number, std::size_t size) noexcept {
    count();
    return __libc_calloc(number, size);
}

EXPORTED void* realloc(void* old, std::size_t size) noexcept {
    count();
    return __libc_realloc(old, size);
}

EXPORTED void* memalign(std::size_t alignment, std::size_t size) noexcept {
    count();
    return __libc_memalign(alignment, size);
}

EXPORTED void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    count();
    return __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
    count();
    void* memory = __libc_memalign(alignment, size);
    if (memory == nullptr) return ENOMEM;
    *result = memory;
    return 0;
}
