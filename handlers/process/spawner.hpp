// Threads that are not confined, for a process that confines itself and still starts programs.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "server/api.hpp"

namespace basehttp {

/// Landlock holds the thread that asks for it and all that this starts later, scripts too, and lets
/// it look at no process outside. So a process that has scripts keeps threads without: they start
/// programs and look at them, and do nothing else.
///
/// From now on unconfined() has such threads: one waits in reserve, and another one is started when
/// all are busy, so that scripts start and end at the same time as they would without. They take no
/// signals and last as long as the process. Once, by a thread that is not confined, after the
/// process has given up its privileges.
void start_spawner();

/// Whether there are such threads.
bool has_spawner();

namespace detail {
void run_unconfined(const std::function<void()>& work);
}

/// Does `work` on one of these threads, waits for it, and returns or throws what it does. Without
/// start_spawner(), and on such a thread, it is a plain call. Any thread.
template <class Work>
std::invoke_result_t<Work&> unconfined(Work work) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
        detail::run_unconfined([&work] { work(); });
    } else {
        std::optional<std::invoke_result_t<Work&>> result;
        detail::run_unconfined([&work, &result] { result.emplace(work()); });
        return std::move(*result);
    }
}

}  // namespace basehttp
