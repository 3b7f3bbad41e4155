#include "server/exchange/request_id.hpp"

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace basehttp {
namespace {

struct Seed {
    std::uint64_t first = 0, second = 0;
};

Seed random_seed() {
    Seed seed;
    if (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
        // Only where a sandbox forbids the call: at least other processes have other names.
        const auto now = std::chrono::system_clock::now().time_since_epoch().count();
        seed.first = static_cast<std::uint64_t>(now);
        seed.second = static_cast<std::uint64_t>(::getpid()) << 32;
    }
    return seed;
}

/// The process's own.
Seed& seed() {
    static Seed own = random_seed();
    return own;
}

/// Of a forked child too, which is a copy and would make the ids that its parent makes.
Seed& own_seed() {
    static const int reseeding = ::pthread_atfork(nullptr, nullptr, [] { seed() = random_seed(); });
    static_cast<void>(reseeding);
    return seed();
}

// 62 to the 11th is just above 2 to the 64th.
constexpr std::size_t digits_of_half = 11;

void write_half(char* place, std::uint64_t number) {
    constexpr std::string_view digits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (std::size_t i = digits_of_half; i-- > 0; number /= digits.size())
        place[i] = digits[number % digits.size()];
}

bool may_be_in_id(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("._=+/:-").find(c) != std::string_view::npos;
}

}  // namespace

void append_request_id(std::string& out) {
    const Seed& own = own_seed();
    static std::atomic<std::uint64_t> counter{0};
    const std::uint64_t count = counter.fetch_add(1, std::memory_order_relaxed);
    std::array<char, 2 * digits_of_half> id;
    // An odd factor reaches each number once before the first comes again: no id twice, and
    // neighbours look different from their first character on.
    write_half(id.data(), own.first + count * 0x9E3779B97F4A7C15u);
    write_half(id.data() + digits_of_half, own.second + count * 0xD1342543DE82EF95u);
    out.append(id.data(), id.size());
}

std::string make_request_id() {
    std::string id;
    append_request_id(id);
    return id;
}

std::string_view given_request_id(const RequestHead& head) {
    constexpr std::size_t longest = 128;
    std::string_view id;
    for (const HeaderField& field : head.fields) {
        if (!equals_lower(field.name, "x-request-id")) continue;
        if (!id.empty()) return {};
        id = field.value;
    }
    return id.size() <= longest && std::all_of(id.begin(), id.end(), may_be_in_id)
               ? id
               : std::string_view();
}

}  // namespace basehttp
