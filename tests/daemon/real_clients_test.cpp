// Clients that others wrote: Python's http.client on a real site, and a browser.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

struct Run {
    int status = -1;
    std::string out;
};

/// A shell command, ended after so many seconds.
Run run(const std::string& command, int seconds) {
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

bool has_program(const std::string& name) { return run("which " + name, 10).status == 0; }

/// Beside the program under test: the build directory.
std::string build_file(const std::string& name) {
    return std::filesystem::path(daemon_program()).parent_path() / name;
}

std::string chromium(const std::string& url, const std::string& options) {
    const TempDir profile;
    return "chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
           "--disable-background-networking --disable-component-update --disable-sync "
           "--disable-dev-shm-usage --window-size=1000,700 --user-data-dir=" +
           profile.str() + " " + options + " " + url + " 2>/dev/null";
}

}  // namespace

TEST_SUITE("daemon real clients") {
    TEST_CASE("Every link of Python's documentation leads where it should") {
        const std::string installed = "/usr/share/doc/python3-doc/html";
        if (!std::filesystem::exists(installed + "/index.html")) {
            MESSAGE("python3-doc is not installed");
            std::puts("SKIPPED: python3-doc is not installed");
            return;
        }
        // Debian's links lead outside, to /usr/share/javascript: a copy of what they point to.
        const TempDir site;
        REQUIRE(run("cp -rL " + installed + "/. " + site.str(), 60).status == 0);
        const Daemon daemon({.root = site.str()});
        const Run crawl = run("python3 tests/daemon/crawl.py " +
                                  std::to_string(daemon.endpoint().port) + " " + site.str(),
                              100);
        MESSAGE(crawl.out);
        CHECK(crawl.status == 0);
        CHECK(crawl.out.find(" 0 problems") != std::string::npos);
        CHECK(crawl.out.find(" 1 connections") != std::string::npos);
        CHECK(std::stoi(crawl.out) > 400);
    }

    TEST_CASE("A browser shows a listing") {
        if (!has_program("chromium")) {
            std::puts("SKIPPED: chromium is not installed");
            return;
        }
        const TempDir site;
        for (const char* name : {"readme.md", "<b>bold & \"quoted\".txt", "chapter10.txt",
                                 "chapter9.txt", "sub/x", "\xC3\xBCml\xC3\xA4ut.html"})
            site.write(name, std::string(3000, 'x'));
        const Daemon daemon({.root = site.str()});
        const std::string url = "http://127.0.0.1:" + std::to_string(daemon.endpoint().port) + "/";
        const std::string dom = run(chromium(url, "--dump-dom"), 60).out;
        // What the browser made of it, not what was sent.
        for (const char* row :
             {"<a href=\"./sub/\">", "<bdi>&lt;b&gt;bold &amp; \"quoted\".txt</bdi>",
              "<bdi>chapter9.txt</bdi>", "<bdi>\xC3\xBCml\xC3\xA4ut.html</bdi>", "3.0 kB"})
            CHECK_MESSAGE(dom.find(row) != std::string::npos, std::string(row));
        CHECK(dom.find("chapter9.txt") < dom.find("chapter10.txt"));
        for (const auto& [name, option] :
             {std::pair("listing-light.png", "1"), {"listing-dark.png", "0"}}) {
            const std::string picture = build_file(name);
            std::filesystem::remove(picture);
            const std::string options = std::string("--blink-settings=preferredColorScheme=") +
                                        option + " --screenshot=" + picture;
            run(chromium(url, options), 60);
            CHECK(std::filesystem::exists(picture));
            CHECK(std::filesystem::file_size(picture) > 5000);
        }
        // The style is let through by the page's own policy: with a wrong hash it would be blocked.
        const std::string pictured = read_text(build_file("listing-light.png"));
        CHECK((pictured != read_text(build_file("listing-dark.png"))));
    }
}
