#include "handlers/cgi/script_gate.hpp"

#include <algorithm>
#include <iterator>

namespace basehttp {

bool ScriptGate::has_room(const Count& count) const {
    return running_.size() < limits_.children && count.running < limits_.per_script;
}

void ScriptGate::set_limits(Limits limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    admit_waiting();
}

ScriptGate::Ticket ScriptGate::enter(std::string script, std::function<void()> admitted) {
    Ticket ticket;
    const std::lock_guard lock(mutex_);
    const auto found = scripts_.try_emplace(script).first;
    Count& count = found->second;
    const bool runs = has_room(count);
    const bool waits =
        !runs && waiting_.size() < limits_.queue && count.waiting < std::max(1u, limits_.queue / 2);
    if (!runs && !waits) return ticket;
    Entries& list = runs ? running_ : waiting_;
    list.push_back(
        {std::move(script), std::move(admitted), runs ? State::admitted : State::waiting});
    ++(runs ? count.running : count.waiting);
    ticket.gate_ = this;
    ticket.entry_ = std::prev(list.end());
    return ticket;
}

void ScriptGate::leave(Entries::iterator entry) {
    const std::lock_guard lock(mutex_);
    const auto count = scripts_.find(entry->script);
    const bool ran = entry->state == State::admitted;
    --(ran ? count->second.running : count->second.waiting);
    if (count->second.running == 0 && count->second.waiting == 0) scripts_.erase(count);
    (ran ? running_ : waiting_).erase(entry);
    if (ran) admit_waiting();
}

/// The longest waiting first, of those whose script may run.
void ScriptGate::admit_waiting() {
    for (auto at = waiting_.begin(); at != waiting_.end() && running_.size() < limits_.children;) {
        const auto entry = at++;
        Count& count = scripts_.find(entry->script)->second;
        if (!has_room(count)) continue;
        --count.waiting;
        ++count.running;
        entry->state = State::admitted;
        running_.splice(running_.end(), waiting_, entry);
        entry->admitted();
    }
}

std::optional<std::uint64_t> ScriptGate::refusals_to_tell(std::time_t now) {
    const std::lock_guard lock(mutex_);
    ++untold_refusals_;
    if (now == last_told_) return std::nullopt;
    last_told_ = now;
    return std::exchange(untold_refusals_, 0);
}

bool ScriptGate::Ticket::admitted() const {
    if (gate_ == nullptr) return false;
    const std::lock_guard lock(gate_->mutex_);
    return entry_->state == State::admitted;
}

void ScriptGate::Ticket::release() {
    if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave(entry_);
}

}  // namespace basehttp
