// An answer that the loop may give again without a handler: decided once, served often.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/fd.hpp"
#include "server/http1/request_head.hpp"

namespace basehttp {

/// Where a replay writes, and what the loop tells it.
struct ReplayOutput {
    /// Views and `out` are the loop's, for the time of the call.
    ReplayOutput(std::string& out, std::string_view date_, std::string_view head_end_)
        : text(out), date(date_), head_end(head_end_) {}

    std::string& text;          ///< Append: status line, header section, small bodies.
    std::string_view date;      ///< Present Date value.
    std::string_view head_end;  ///< The connection's own field lines and the empty line, with CRLF.

    int status = 0;                  ///< Set by the replay, for the log.
    std::uint64_t body_bytes = 0;    ///< Set by the replay: content that follows, for the log.
    std::string_view body;           ///< Content too large to copy, alive as long as the replay.
    std::shared_ptr<const Fd> file;  ///< Or a region of a file.
    ///@{
    /// Which region, in bytes.
    std::uint64_t file_offset = 0, file_length = 0;
    ///@}
};

/// Immutable, shared between the loop's cache and answers in progress. Made by a handler that
/// offers it (Request::offer); every method runs on the loop's thread and must not block.
class BASEHTTP_API Replay {
  public:
    virtual ~Replay() = default;
    /// Answers a GET or HEAD without body for the same host and path, whatever the query (and the
    /// same Accept-Encoding where varies()). False: cannot, let a handler do it; nothing was
    /// appended.
    virtual bool answer(const RequestHead& head, ReplayOutput& out) const = 0;
    /// Whether what it was made from is unchanged. Asked once a second at most.
    virtual bool fresh() const = 0;
    /// Whether the answer was chosen by Accept-Encoding.
    virtual bool varies() const = 0;
    /// Bytes of memory it holds, for the cache's bound.
    virtual std::size_t cost() const = 0;
    /// What it takes of what is scarce: the cache bounds each kind by itself.
    enum class Kind : std::uint8_t {
        content,     ///< memory
        descriptor,  ///< keeps a descriptor open
        absence,     ///< says that nothing is there: clients can ask for any number of these
    };
    /// By default that of an answer that is all in memory.
    virtual Kind kind() const { return Kind::content; }
};

}  // namespace basehttp
