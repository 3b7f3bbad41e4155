#include "server/exchange/failure_status.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>

namespace basehttp {

int failure_status() {
    constexpr std::array wants = {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, ENOSPC, EDQUOT};
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return 503;
    } catch (const std::system_error& error) {
        const bool by_errno = error.code().category() == std::generic_category() ||
                              error.code().category() == std::system_category();
        const int code = error.code().value();
        return by_errno && std::find(wants.begin(), wants.end(), code) != wants.end() ? 503 : 500;
    } catch (...) {
        return 500;
    }
}

}  // namespace basehttp
