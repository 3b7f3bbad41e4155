// How many scripts run at once, and who waits: a bound on all, one on each script, a bounded queue.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "server/api.hpp"

namespace basehttp {

/// Shared by all sites; any thread. A script at its own limit waits without holding up others, and
/// may fill only half of the queue.
class BASEHTTP_API ScriptGate {
  public:
    /// In runs of scripts.
    struct Limits {
        unsigned children = 64;    ///< at once, of all scripts
        unsigned per_script = 16;  ///< at once, of the same script
        unsigned queue = 256;      ///< that wait; more are refused
    };

  private:
    enum class State : unsigned char { waiting, admitted };
    struct Entry {
        std::string script;
        std::function<void()> admitted;
        State state = State::waiting;
    };
    using Entries = std::list<Entry>;

  public:
    /// A place in the queue, then the right to run one script; given back by the destructor.
    class Ticket {
      public:
        Ticket() = default;
        ///@{
        /// Leaves `other` empty; an assignment gives back what was held.
        Ticket(Ticket&& other) noexcept : gate_(other.gate_), entry_(other.entry_) {
            other.gate_ = nullptr;
        }
        Ticket& operator=(Ticket&& other) noexcept {
            release();
            gate_ = std::exchange(other.gate_, nullptr);
            entry_ = other.entry_;
            return *this;
        }
        ///@}
        ~Ticket() { release(); }

        /// Neither refused nor given back.
        explicit operator bool() const { return gate_ != nullptr; }
        bool admitted() const;  ///< The script may run now.
        void release();         ///< Gives it back early; the longest waiting are admitted.

      private:
        friend ScriptGate;
        ScriptGate* gate_ = nullptr;
        Entries::iterator entry_;
    };

    /// Outlives its tickets.
    explicit ScriptGate(Limits limits) : limits_(limits) {}
    ScriptGate(const ScriptGate&) = delete;
    ScriptGate& operator=(const ScriptGate&) = delete;

    /// Asks to run `script`. A ticket that is not admitted at once waits: `admitted` is called once
    /// when it is, by whoever gives back a ticket, within the gate's lock: it must only tell others
    /// and cannot run after the ticket's destructor. An empty ticket: refused.
    [[nodiscard]] Ticket enter(std::string script, std::function<void()> admitted);

    /// Other limits from now on: who runs or waits beyond them is left alone.
    void set_limits(Limits limits);

    /// Counts a refusal. A flood must not fill the log: once a second it gives how many are to be
    /// told of, this one included.
    std::optional<std::uint64_t> refusals_to_tell(std::time_t now);

  private:
    struct Count {
        unsigned running = 0, waiting = 0;
    };

    bool has_room(const Count& count) const;
    void leave(Entries::iterator entry);
    void admit_waiting();

    std::mutex mutex_;  // guards all below
    Limits limits_;
    Entries running_, waiting_;
    std::map<std::string, Count> scripts_;
    std::uint64_t untold_refusals_ = 0;
    std::time_t last_told_ = 0;
};

}  // namespace basehttp
