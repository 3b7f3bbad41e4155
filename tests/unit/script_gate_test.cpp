#include "handlers/cgi/script_gate.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace basehttp {
namespace {

using Ticket = ScriptGate::Ticket;

TEST_SUITE_BEGIN("script_gate");

TEST_CASE("Scripts run until all children are used, then wait, then are refused") {
    ScriptGate gate({.children = 2, .per_script = 2, .queue = 1});
    int told = 0;
    const auto enter = [&](const char* script) { return gate.enter(script, [&] { ++told; }); };
    Ticket first = enter("/a");
    Ticket second = enter("/b");
    Ticket third = enter("/c");
    const Ticket fourth = enter("/d");
    CHECK(first.admitted());
    CHECK(second.admitted());
    CHECK(third);
    CHECK_FALSE(third.admitted());
    CHECK_FALSE(fourth);
    CHECK(told == 0);
    first.release();
    CHECK(told == 1);
    CHECK(third.admitted());
}

TEST_CASE("A script at its own limit waits and does not hold up others behind it") {
    ScriptGate gate({.children = 4, .per_script = 1, .queue = 8});
    std::vector<std::string> admitted;
    const auto enter = [&](std::string script) {
        return gate.enter(script, [&, script] { admitted.push_back(script); });
    };
    Ticket running = enter("/slow");
    const Ticket waiting = enter("/slow");
    const Ticket other = enter("/quick");
    CHECK_FALSE(waiting.admitted());
    CHECK(other.admitted());
    running.release();
    CHECK(admitted == std::vector<std::string>{"/slow"});
}

TEST_CASE("One script fills only half of the queue") {
    ScriptGate gate({.children = 1, .per_script = 1, .queue = 4});
    const auto nobody = [] {};
    const Ticket running = gate.enter("/flood", nobody);
    const Ticket one = gate.enter("/flood", nobody);
    const Ticket two = gate.enter("/flood", nobody);
    const Ticket three = gate.enter("/flood", nobody);
    const Ticket other = gate.enter("/other", nobody);
    CHECK(two);
    CHECK_FALSE(three);
    CHECK(other);
}

TEST_CASE("Who has waited longest comes first, and who left the queue never") {
    ScriptGate gate({.children = 1, .per_script = 1, .queue = 8});
    std::vector<int> order;
    Ticket running = gate.enter("/a", [] {});
    Ticket first = gate.enter("/a", [&] { order.push_back(1); });
    Ticket second = gate.enter("/b", [&] { order.push_back(2); });
    Ticket third = gate.enter("/c", [&] { order.push_back(3); });
    first.release();
    running.release();
    CHECK(order == std::vector<int>{2});
    second.release();
    CHECK(order == std::vector<int>{2, 3});
    third.release();
    CHECK(gate.enter("/a", [] {}).admitted());
}

TEST_CASE("A ticket that is moved gives back its place once") {
    ScriptGate gate({.children = 1, .per_script = 1, .queue = 1});
    Ticket ticket = gate.enter("/a", [] {});
    Ticket moved = std::move(ticket);
    CHECK(moved.admitted());
    moved = Ticket();
    Ticket next = gate.enter("/a", [] {});
    CHECK(next.admitted());
}

TEST_CASE("Refusals are told of once a second, all together") {
    ScriptGate gate({});
    CHECK(gate.refusals_to_tell(100) == 1);
    CHECK_FALSE(gate.refusals_to_tell(100));
    CHECK_FALSE(gate.refusals_to_tell(100));
    CHECK(gate.refusals_to_tell(101) == 3);
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
