#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace basehttp {

/// Turns what a script writes to stderr into lines for the log: whole ones, not too long, not too
/// many. Lines end in LF or CRLF; empty ones are skipped. Control characters stay as they are: the
/// log escapes them. Holds a few KiB, whatever the script writes. One thread.
class StderrLines {
  public:
    using Write = std::function<void(std::string_view line)>;

    explicit StderrLines(Write write) : write_(std::move(write)) {}

    /// Whole lines go to `write`, at most `rate` a second; of a line longer than `longest_line` its
    /// beginning and "...". Where lines were suppressed, "... N lines were not logged" comes before
    /// the next that is written. `now` must not go back.
    void feed(std::string_view bytes, std::chrono::microseconds now);
    /// The script has ended: an unfinished last line goes out too, then what is to be said of
    /// suppressed lines. Once.
    void finish();
    /// The last `tail_bytes` of what came, suppressed lines too, joined with " | ", with "..." in
    /// front if there was more: for the error line of a script that failed. After finish().
    const std::string& tail();

    static constexpr unsigned rate = 50;               ///< lines a second
    static constexpr std::size_t longest_line = 1024;  ///< bytes
    static constexpr std::size_t tail_bytes = 1024;

  private:
    void keep(std::string_view bytes);
    void end_line();
    void remember();
    bool may_write();
    void report_suppressed();

    Write write_;
    std::string line_;    ///< the beginning of the unfinished line
    bool cut_ = false;    ///< more of it came than line_ holds
    std::string recent_;  ///< the last lines, joined; at most about three times what tail() gives
    std::chrono::microseconds now_{0}, second_began_{0};
    unsigned in_second_ = 0;  ///< lines written since then
    std::uint64_t suppressed_ = 0;
};

}  // namespace basehttp
