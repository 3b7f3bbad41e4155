#include "tests/support/live_server.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace basehttp {
namespace {

constexpr int patience = 20'000;  // milliseconds
constexpr std::string_view no_logs = "own logs\n";

std::string with_work(std::string_view ini, const TempDir& work) {
    std::string text(ini);
    constexpr std::string_view name = "{work}";
    for (std::size_t at; (at = text.find(name)) != text.npos;)
        text.replace(at, name.size(), work.str());
    return text;
}

std::vector<std::string> lines_with(const std::string& text, std::string_view part) {
    std::vector<std::string> lines = lines_of(text);
    std::erase_if(lines, [&](const std::string& line) { return line.find(part) == line.npos; });
    return lines;
}

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

bool is_report(const std::string& line) {
    return line.find("Serving as root") == line.npos &&  // tests may
           (line.find("Z warning: ") != line.npos || line.find("Z error: ") != line.npos ||
            line.find("Z critical: ") != line.npos);
}

}  // namespace

bool eventually(const std::function<bool()>& holds) {
    constexpr int step = 5;
    for (int waited = 0; waited < patience; waited += step) {
        if (holds()) return true;
        ::poll(nullptr, 0, step);
    }
    return holds();
}

Endpoint endpoint_of(const std::string& url) {
    if (url.starts_with("unix:")) return {url.substr(5), 0};
    return {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))};
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

LiveServer::LiveServer(std::string_view ini, std::vector<std::string> arguments) {
    adopt_orphans();
    work_.mkdir("site");
    write_settings(ini);
    ChildOptions options;
    options.arguments = {"--config", settings_file(), "--loops", "2"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.out = work_ / "stdout";
    options.err = work_ / "stderr";
    child_ = std::make_unique<Child>(options);
    pid_ = child_->pid();
    if (!child_->until([this] { return count("(Ctrl-C stops)") > 0; })) {
        ended_ = true;
        FAIL("The daemon did not start. It said: " << read_text(options.err) << log());
    }
    endpoints_ = announced();
}

LiveServer::~LiveServer() {
    if (!ended_) {
        signal(SIGTERM);
        CHECK(end_status() == 0);
    }
    if (pid_ != first_pid() && !first_ended_) CHECK(first_end_status() == 0);
    CHECK(read_text(work_ / "stderr") == "");
    CHECK(read_text(work_ / "stdout") == "");
    check_log();
}

void LiveServer::check_log() const {
    std::vector<std::string> reports = lines_of(log());
    std::erase_if(reports, [](const std::string& line) { return !is_report(line); });
    for (const std::string& part : expected_) {
        const auto found = std::find_if(
            reports.begin(), reports.end(),
            [&](const std::string& line) { return line.find(part) != std::string::npos; });
        CHECK_MESSAGE(found != reports.end(), "The log should have said: " << part);
        if (found != reports.end()) reports.erase(found);
    }
    for (const std::string& line : reports) CHECK_MESSAGE(false, "Logged: " << line);
}

std::vector<Endpoint> LiveServer::announced() const {
    const auto lines = lines_with(log(), "Serving '");
    if (lines.empty()) return {};
    std::vector<Endpoint> all;
    std::istringstream words(lines.back().substr(lines.back().find("' on ") + 5));
    for (std::string word; words >> word && word != "(Ctrl-C";) all.push_back(endpoint_of(word));
    return all;
}

/// Renamed into place, as an operator should: a reload never reads half of it.
void LiveServer::write_settings(std::string_view ini) const {
    std::string text;
    if (ini.starts_with(no_logs))
        ini.remove_prefix(no_logs.size());
    else
        text = "[log]\naccess = {work}/access.log\nerror = {work}/error.log\n";
    text += "[server]\nlandlock = off\n";
    const auto made = work_.write("new.ini", with_work(text + std::string(ini), work_));
    std::filesystem::rename(made, settings_file());
}

std::string LiveServer::reload(std::string_view ini) {
    write_settings(ini);
    return reload();
}

std::string LiveServer::reload() {
    const std::size_t seen = count("eloaded, ") + count("Reloaded: ");
    signal(SIGHUP);
    CHECK(eventually([&] {
        return count("Not reloaded, ") + count("but a restart") + count("Reloaded: ") > seen;
    }));
    const auto lines = lines_with(log(), "eloaded");
    return lines.empty() ? "" : lines.back();
}

void LiveServer::upgrade() {
    const std::size_t seen = count("Upgraded: process ");
    signal(SIGUSR2);
    REQUIRE(logs("Upgraded: process ", seen + 1));
    const std::string last = lines_with(log(), "Upgraded: process ").back();
    pid_ = std::stoi(last.substr(last.find("process ") + 8));
}

bool LiveServer::upgrade_says(std::string_view part) {
    const std::size_t seen = count(part);
    signal(SIGUSR2);
    return logs(part, seen + 1);
}

void LiveServer::signal(int number) const { ::kill(pid_, number); }

int LiveServer::end_status() {
    ended_ = true;
    if (pid_ == first_pid()) return first_end_status();
    int status = 0;
    const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) != 0; });
    if (!ended) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, &status, 0);
    }
    return ended ? exit_status(status) : -1;
}

int LiveServer::first_end_status() {
    first_ended_ = true;
    const auto status = child_->wait(patience);
    return status ? exit_status(*status) : -1;
}

std::string LiveServer::log() const { return read_text(work_ / "error.log"); }

std::size_t LiveServer::count(std::string_view part) const {
    return lines_with(log(), part).size();
}

bool LiveServer::logs(std::string_view part, std::size_t lines) const {
    const bool there = eventually([&] { return count(part) >= lines; });
    CHECK_MESSAGE(there, "not in the log: " << part << "\n" << log());
    return there;
}

std::size_t LiveServer::descriptors() const {
    std::error_code gone;
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid_) + "/fd", gone);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace basehttp
