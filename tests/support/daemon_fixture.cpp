#include "tests/support/daemon_fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

namespace basehttp {
namespace {

constexpr int patience = 60'000;  // milliseconds, for a slow machine under a sanitizer
/// The caches of two loops may each hold a file open for up to four variants.
constexpr int most_cached_descriptors = 8;

/// The names in a directory of /proc, whose entries may vanish meanwhile.
std::vector<std::filesystem::path> entries_of(const std::string& directory) {
    std::vector<std::filesystem::path> entries;
    std::error_code gone;
    for (std::filesystem::directory_iterator at(directory, gone), end; !gone && at != end;
         at.increment(gone))
        entries.push_back(at->path());
    return entries;
}

std::string children_of(int pid) {
    std::string found;
    for (const auto& task : entries_of("/proc/" + std::to_string(pid) + "/task"))
        found += read_text(task / "children");
    return found;
}

bool is_report(std::string_view line) {
    if (line.find("Serving as root") != line.npos) return false;  // tests may
    return line.find("Z warning: ") != line.npos || line.find("Z error: ") != line.npos ||
           line.find("Z critical: ") != line.npos;
}

}  // namespace

std::string read_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::pair<Fd, Endpoint> listening_socket() {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), raw, length) != 0 || ::listen(socket.get(), 1024) != 0 ||
        ::getsockname(socket.get(), raw, &length) != 0)
        throw std::system_error(errno, std::generic_category(), "listening socket");
    return {std::move(socket), Endpoint{"127.0.0.1", ntohs(address.sin_port)}};
}

Output run_daemon(const std::vector<std::string>& arguments, int listening) {
    const TempDir work;
    ChildOptions options;
    options.arguments = arguments;
    options.listening = listening;
    options.out = work / "out";
    options.err = work / "err";
    Child child(options);
    const auto status = child.wait(patience);
    Output output;
    if (status && WIFEXITED(*status)) output.exit_status = WEXITSTATUS(*status);
    output.out = read_text(options.out);
    output.err = read_text(options.err);
    return output;
}

Daemon::Daemon(DaemonOptions options) : options_(std::move(options)) {
    work_.mkdir("tmp");
    std::string ini = "[site]\n";
    if (!options_.root.empty()) ini += "root = " + options_.root + "\n";
    work_.write("basehttpd.ini", ini + options_.ini);
    for (const char* log : {"access.log", "error.log"}) work_.write(log, "");
    if (options_.unprivileged || !options_.user.empty()) {
        ::chmod(work_.str().c_str(), 0755);
        ::chmod((work_ / "tmp").c_str(), 0777);
        for (const char* log : {"access.log", "error.log"}) ::chmod((work_ / log).c_str(), 0666);
    }
    ChildOptions child;
    child.arguments = {"--config",    work_ / "basehttpd.ini", "--loops",
                       "2",           "--access-log",          work_ / "access.log",
                       "--error-log", work_ / "error.log",     "--temp-directory",
                       work_ / "tmp"};
    child.arguments.insert(child.arguments.end(), options_.arguments.begin(),
                           options_.arguments.end());
    if (!options_.user.empty()) {
        child.arguments.push_back("--user");
        child.arguments.push_back(options_.user);
    }
    child.out = work_ / "stdout";
    child.err = work_ / "stderr";
    child.descriptors = options_.descriptors;
    child.unprivileged = options_.unprivileged;
    Fd listening;
    if (options_.activation) std::tie(listening, endpoint_) = listening_socket();
    child.listening = listening.get();
    child_ = std::make_unique<Child>(child);
    listening.reset();  // so that a connection is refused once the daemon is gone
    wait_until_ready();
}

/// A connection that asks nothing is closed by a loop that runs, and leaves no trace in the logs.
void Daemon::wait_until_ready() {
    const bool announced = child_->until([this] { return !announced_urls().empty(); }, patience);
    if (!announced) {
        stopped_ = true;
        FAIL("The daemon did not start. It said: " << read_text(work_ / "stderr") << error_log());
    }
    if (!options_.activation) {
        const std::string url = announced_urls().front();
        if (url.starts_with("unix:")) {
            endpoint_ = {url.substr(5), 0};
        } else {
            endpoint_.port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
            const std::string host = url.substr(7, url.rfind(':') - 7);
            if (host.front() == '[') endpoint_.host = host.substr(1, host.size() - 2);
        }
    }
    HttpClient client(endpoint_);
    client.half_close();
    REQUIRE(client.ends());
    descriptors_at_start_ = descriptors();
}

std::vector<std::string> Daemon::announced_urls() const {
    std::vector<std::string> urls;
    for (const std::string& line : lines_of(error_log())) {
        if (line.find("Serving '") == line.npos || line.find(" (Ctrl-C") == line.npos) continue;
        std::istringstream words(line.substr(line.find("' on ") + 5));
        for (std::string word; words >> word && word != "(Ctrl-C";) urls.push_back(word);
    }
    return urls;
}

std::string Daemon::error_log() const { return read_text(work_ / "error.log"); }
std::string Daemon::access_log() const { return read_text(work_ / "access.log"); }

std::string Daemon::access_log(std::size_t lines) const {
    const bool there = child_->until([&] {
        const std::string text = access_log();
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) >= lines;
    });
    CHECK_MESSAGE(there, "the access log lacks lines");
    return access_log();
}

long Daemon::status_value(std::string_view name) const {
    for (const std::string& line :
         lines_of(read_text("/proc/" + std::to_string(child_->pid()) + "/status")))
        if (line.starts_with(name)) return std::stol(line.substr(name.size()));
    return -1;
}

Reply Daemon::get(std::string_view target, const Fields& fields) const {
    return request("GET", target, fields);
}

Reply Daemon::request(std::string_view method, std::string_view target,
                      const Fields& fields) const {
    return HttpClient(endpoint_).request(method, target, fields);
}

Reply Daemon::get_in_every_way(std::string_view target, const Fields& fields) const {
    HttpClient client(endpoint_);
    const Reply first = client.get(target, fields);
    const Reply again = client.get(target, fields);
    CHECK(again.head() == first.head());
    CHECK((again.body == first.body));
    const bool ranged = first.status == 206 || first.status == 416;
    if (!ranged && !first.chunked)
        CHECK(client.request("HEAD", target, fields).head() == first.head());
    return first;
}

std::map<std::string, int> Daemon::descriptors() const {
    std::map<std::string, int> found;
    for (const auto& entry : entries_of("/proc/" + std::to_string(child_->pid()) + "/fd")) {
        std::error_code gone;
        std::string target = std::filesystem::read_symlink(entry, gone).string();
        if (gone) continue;
        // All sockets count as one thing: their numbers differ.
        if (target.starts_with("socket:")) target = "socket";
        ++found[target];
    }
    return found;
}

/// What is open now and was not at the start; files of the cache excepted.
std::string Daemon::leaked_descriptors() const {
    std::string leaked;
    for (const auto& [target, count] : descriptors()) {
        const auto before = descriptors_at_start_.find(target);
        const int allowed = before != descriptors_at_start_.end() ? before->second : 0;
        const bool of_site = target.starts_with('/') && !target.starts_with(work_.str());
        if (count > (of_site ? std::max(allowed, most_cached_descriptors) : allowed))
            leaked +=
                target + " (" + std::to_string(count) + " for " + std::to_string(allowed) + ") ";
    }
    return leaked;
}

void Daemon::check_before_end() const {
    if (!child_->until([this] { return leaked_descriptors().empty(); }))
        CHECK_MESSAGE(false, "Open after the last connection: " << leaked_descriptors());
    for (const auto& left : std::filesystem::directory_iterator(work_ / "tmp"))
        CHECK_MESSAGE(false, "Left in the temporary directory: " << left.path().string());
}

void Daemon::check_logs() const {
    CHECK(read_text(work_ / "stderr") == "");
    CHECK(read_text(work_ / "stdout") == "");
    std::vector<std::string> reports;
    for (const std::string& line : lines_of(error_log()))
        if (is_report(line)) reports.push_back(line);
    const auto names = [](const std::string& part) {
        return [&part](const std::string& line) { return line.find(part) != line.npos; };
    };
    for (const std::string& part : options_.expected_log) {
        CHECK_MESSAGE(std::any_of(reports.begin(), reports.end(), names(part)),
                      "The log should have said: " << part);
        std::erase_if(reports, names(part));
    }
    for (const std::string& line : reports) CHECK_MESSAGE(false, "Logged: " << line);
}

void Daemon::signal(int number) {
    // Not later: LeakSanitizer works in a child of its own at the end.
    CHECK_MESSAGE(children_of(child_->pid()).empty(), "The daemon has children");
    child_->signal(number);
    signalled_ = true;
}

void Daemon::stop() {
    if (stopped_) return;
    stopped_ = true;
    check_before_end();
    if (!signalled_) signal(SIGTERM);
    const auto status = child_->wait(patience);
    if (!status)
        CHECK_MESSAGE(false, "The daemon did not end");
    else if (WIFSIGNALED(*status))
        CHECK_MESSAGE(false, "The daemon was ended by signal " << WTERMSIG(*status));
    else
        CHECK(WEXITSTATUS(*status) == 0);
    const bool group_left = ::kill(-child_->pid(), 0) == 0;
    CHECK_FALSE_MESSAGE(group_left, "A process of the daemon's group is left");
    check_logs();
}

}  // namespace basehttp
