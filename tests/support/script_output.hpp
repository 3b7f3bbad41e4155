// What ScriptHeaderReader makes of the whole output of a script.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "handlers/cgi/response_header.hpp"

namespace basehttp {

struct ScriptOutcome {
    ScriptHeaderReader::Status status = ScriptHeaderReader::Status::more;
    std::string error;
    ScriptHeader header;
    std::string content;  ///< all of the output that is not header

    bool operator==(const ScriptOutcome&) const = default;
};

/// The whole output of a script, in pieces of that size.
inline ScriptOutcome read_script_output(std::string_view text, std::size_t piece = 1'000'000,
                                        std::size_t limit = 65536) {
    ScriptHeaderReader reader(limit);
    ScriptOutcome outcome;
    while (!text.empty() && outcome.status == ScriptHeaderReader::Status::more) {
        outcome.status = reader.feed(text.substr(0, piece));
        text.remove_prefix(std::min(piece, text.size()));
    }
    outcome.status = reader.finish();
    outcome.error = reader.error();
    if (outcome.status != ScriptHeaderReader::Status::done) return outcome;
    outcome.header = reader.header();
    outcome.content = std::string(reader.rest()) + std::string(text);
    return outcome;
}

}  // namespace basehttp
