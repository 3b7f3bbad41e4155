// Descriptors that a forked child must not hold: as long as it did, a client would not see the end
// of its connection, and a port would stay taken after its server was closed.
#pragma once

#include <vector>

#include "server/api.hpp"

namespace basehttp {

/// The descriptors of one owner (an event loop, a server's sockets); one may have several owners.
/// One thread at a time; owners on several threads are independent. What is left when the owner is
/// destroyed is forgotten.
class BASEHTTP_API ParentOnly {
  public:
    ParentOnly() = default;
    ParentOnly(const ParentOnly&) = delete;
    ParentOnly& operator=(const ParentOnly&) = delete;
    ~ParentOnly() { clear(); }

    void add(int fd);
    /// Before `fd` is closed: then its number may be given to somebody else.
    void remove(int fd);
    void clear();

    /// In a child that was just forked: closes the descriptors of all owners in the process. Plain
    /// close(): an epoll set is shared with the parent, and must not be touched.
    static void close_all();

    /// Descriptors from this number on are not kept track of; fs.nr_open is the same by default.
    static constexpr int most = 1 << 20;

  private:
    std::vector<bool> mine_;  // by descriptor
};

}  // namespace basehttp
