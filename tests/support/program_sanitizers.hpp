// Which sanitizers the program under test was built with; they need what some tests take away.
#pragma once

#include <string>

#include "tests/support/daemon_fixture.hpp"

namespace basehttp {

/// Its check of virtual calls opens pipes, and reports an error when it cannot.
inline bool has_undefined_behavior_sanitizer() {
    return read_text(daemon_program()).find("__ubsan_handle_dynamic_type") != std::string::npos;
}

/// Of addresses or threads: it ends the program when it finds no memory.
inline bool has_memory_sanitizer() {
    const std::string program = read_text(daemon_program());
    return program.find("__asan_init") != std::string::npos ||
           program.find("__tsan_init") != std::string::npos;
}

}  // namespace basehttp
