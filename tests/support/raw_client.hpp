// A client that sends bytes and receives bytes, for what no good client would do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/fd.hpp"

namespace basehttp {

/// One connection to 127.0.0.1. A wait longer than `patience` seconds throws std::runtime_error.
class RawClient {
  public:
    /// `receive_buffer`: bytes that the kernel holds for us, about; 0: its own choice.
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);

    /// Sends everything. False: the server has cut the connection.
    bool send(std::string_view text);
    /// Sends as much as fits now; the number of bytes.
    std::size_t send_some(std::string_view text);

    /// Exactly `size` bytes. Throws when the connection ends before.
    std::string receive(std::size_t size);
    /// Up to and with `end`.
    std::string receive_until(std::string_view end);
    /// Everything until the server ends or cuts the connection.
    std::string receive_all();
    /// Whether the connection ended without a byte. Waits for the end.
    bool ends() { return receive_all().empty(); }
    /// Whether something (or the end) can be read at this moment.
    bool something_there() const;
    /// Whether receive_all() saw a reset instead of an orderly end.
    bool was_reset() const { return was_reset_; }

    void half_close();  ///< No more bytes from us; the answer can still come.
    void cut();         ///< Closes with a reset.

    static constexpr int patience = 20;  ///< seconds

  private:
    bool fill();

    Fd socket_;
    std::string input_;
    bool was_reset_ = false;
};

/// All that the server at `port` answers to `text`; our side stays open until it closes.
std::string exchange(std::uint16_t port, std::string_view text);

}  // namespace basehttp
