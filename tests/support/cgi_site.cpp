#include "tests/support/cgi_site.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <system_error>

#include "tests/support/raw_client.hpp"

namespace basehttp {

CgiSite::CgiSite() {
    ::chmod(files_.str().c_str(), 0755);
    files_.mkdir("cgi-bin");
}

std::filesystem::path CgiSite::script(std::string_view name, std::string_view text) const {
    return program("cgi-bin/" + std::string(name), text);
}

std::filesystem::path CgiSite::program(std::string_view name, std::string_view text) const {
    const auto file = files_.write(name, text);
    if (::chmod(file.c_str(), 0755) != 0)
        throw std::system_error(errno, std::generic_category(), file.string());
    return file;
}

Fd CgiSite::fifo(std::string_view name) const {
    const std::string path = files_ / name;
    if (::mkfifo(path.c_str(), 0666) != 0 || ::chmod(path.c_str(), 0666) != 0)
        throw std::system_error(errno, std::generic_category(), path);
    return Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

std::vector<int> CgiSite::processes() const {
    std::vector<int> found;
    std::error_code gone;
    for (std::filesystem::directory_iterator at("/proc", gone), end; !gone && at != end;
         at.increment(gone)) {
        const std::string pid = at->path().filename();
        if (pid.find_first_not_of("0123456789") != pid.npos) continue;
        std::error_code ended;
        const auto directory = std::filesystem::read_symlink(at->path() / "cwd", ended);
        if (!ended && directory.string().starts_with(root())) found.push_back(std::stoi(pid));
    }
    return found;
}

bool CgiSite::idle(const Daemon& daemon) const {
    return daemon.child().until([this] { return processes().empty(); });
}

bool CgiSite::runs(const Daemon& daemon, std::size_t count) const {
    return daemon.child().until([this, count] { return processes().size() == count; });
}

std::string cgi_ini(std::string_view lines) {
    return "[cgi]\ndirectories = /cgi-bin\n" + std::string(lines);
}

std::vector<std::string> reports(const Daemon& daemon) {
    std::vector<std::string> found = lines_of(daemon.error_log());
    std::erase_if(found, [](const std::string& line) {
        return has(line, "Serving as root") ||
               (!has(line, "Z warning: ") && !has(line, "Z error: ") && !has(line, "Z critical: "));
    });
    return found;
}

void write_line(const Fd& fifo, std::string_view line) {
    const std::string text = std::string(line) + '\n';
    if (::write(fifo.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::system_error(errno, std::generic_category(), "FIFO");
}

Run run_command(const std::string& command, int seconds) {
    Run result;
    const std::string bounded = "exec timeout " + std::to_string(seconds) + " " + command;
    FILE* pipe = ::popen(bounded.c_str(), "re");
    REQUIRE(pipe != nullptr);
    std::array<char, 65536> bytes;
    while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe))
        result.out.append(bytes.data(), count);
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
    return result;
}

bool has_program(const std::string& name) { return run_command("which " + name, 10).status == 0; }

bool has_all(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (name.starts_with('/') ? std::filesystem::exists(name) : has_program(name)) continue;
        std::printf("SKIPPED: %s is not installed\n", name.c_str());
        return false;
    }
    return true;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

namespace {

/// Takes chunks as far as they go; whether the last one is among them.
bool take_chunks(std::string_view sent, std::string& body) {
    for (;;) {
        const std::size_t end = sent.find("\r\n");
        if (end == sent.npos) return false;
        const std::size_t size = std::stoul("0" + std::string(sent.substr(0, end)), nullptr, 16);
        sent.remove_prefix(end + 2);
        if (size == 0) return sent == "\r\n";
        body += sent.substr(0, size);
        if (sent.size() < size + 2) return false;
        sent.remove_prefix(size + 2);
    }
}

}  // namespace

RawReply parse_reply(std::string_view sent) {
    RawReply reply;
    const std::size_t end = sent.find("\r\n\r\n");
    if (end == sent.npos || !sent.starts_with("HTTP/1.1 ")) return reply;
    reply.status = std::stoi(std::string(sent.substr(9, 3)));
    reply.head = sent.substr(0, end + 2);
    sent.remove_prefix(end + 4);
    constexpr std::string_view length = "\r\nContent-Length: ";
    const std::size_t at = reply.head.find(length);
    if (has(reply.head, "\r\nTransfer-Encoding: chunked\r\n")) {
        reply.whole = take_chunks(sent, reply.body);
    } else {
        reply.body = sent;
        reply.whole = at != reply.head.npos &&
                      std::stoul(reply.head.substr(at + length.size())) == sent.size();
    }
    return reply;
}

RawReply raw_get(const Daemon& daemon, std::string_view target) {
    return parse_reply(exchange(daemon.endpoint().port, "GET " + std::string(target) +
                                                            " HTTP/1.1\r\nHost: localhost\r\n"
                                                            "Connection: close\r\n\r\n"));
}

std::string url_of(const Daemon& daemon) {
    return "http://127.0.0.1:" + std::to_string(daemon.endpoint().port);
}

}  // namespace basehttp
