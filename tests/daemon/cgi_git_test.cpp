// Git over CGI: the real client with git http-backend, and what shows repositories to browsers.
#include <cstdio>
#include <random>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

namespace {

constexpr const char* backend = "/usr/lib/git-core/git-http-backend";

std::string random_bytes(std::size_t size) {
    std::mt19937_64 random(3875);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

/// A site with git http-backend, the repository /srv/project.git outside it and a work place.
struct GitHost {
    CgiSite site;
    TempDir srv, place;
    std::string ini;

    GitHost() {
        place.write("gitconfig",
                    "[user]\nname = T\nemail = t@example.org\n[init]\ndefaultBranch = main\n"
                    "[protocol]\nversion = 2\n[advice]\ndetachedHead = false\n");
        git("init -q --bare " + repository());
        git("-C " + repository() + " config http.receivepack true");
        site.script("git", "#!/bin/sh\necho \"$REQUEST_METHOD $PATH_INFO $CONTENT_LENGTH\" >>" +
                               (place / "requests").string() + "\nexec " + backend + "\n");
        ini = cgi_ini() + "[cgi.env]\nGIT_PROJECT_ROOT = " + srv.str() +
              "\nGIT_HTTP_EXPORT_ALL = 1\n";
    }

    std::string repository() const { return srv / "project.git"; }
    std::string file(const std::string& name) const { return place / name; }

    /// A git command in the work place; its output. It must succeed.
    std::string git(const std::string& arguments) const {
        const Run run = run_command("env HOME=" + place.str() + " GIT_CONFIG_NOSYSTEM=1 " +
                                        "GIT_CONFIG_GLOBAL=" + file("gitconfig") +
                                        " GIT_TERMINAL_PROMPT=0 GIT_TRACE_CURL=" + file("trace") +
                                        " GIT_TRACE_CURL_NO_DATA=1 git " + arguments + " 2>&1",
                                    60);
        CHECK_MESSAGE(run.status == 0, "git " << arguments << ": " << run.out);
        return run.out;
    }

    /// A commit in the clone `name`, with a file of that content.
    void commit(const std::string& name, const std::string& path, const std::string& text) const {
        place.write(name + "/" + path, text);
        git("-C " + file(name) + " add -A");
        git("-C " + file(name) + " commit -q -m " + path);
    }
};

}  // namespace

TEST_SUITE("daemon cgi git") {
    TEST_CASE("Git clones, pushes more than a MiB in chunks, and fetches") {
        if (!has_all({"git", backend})) return;
        const GitHost host;
        const Daemon daemon({.root = host.site.root(), .ini = host.ini});
        const std::string url = url_of(daemon) + "/cgi-bin/git/project.git";
        const std::string big = random_bytes(3 << 20);

        host.git("clone -q " + url + " " + host.file("one"));
        host.commit("one", "big.bin", big);
        std::filesystem::remove(host.file("trace"));
        // Not more than 64 KiB at once: Git then sends chunks.
        host.git("-C " + host.file("one") + " -c http.postBuffer=65536 push -q origin HEAD:main");
        CHECK(has(read_text(host.file("trace")), "Transfer-Encoding: chunked"));

        host.git("clone -q " + url + " " + host.file("two"));
        CHECK((read_text(host.file("two/big.bin")) == big));
        host.commit("one", "small.txt", "small\n");
        host.git("-C " + host.file("one") + " push -q origin HEAD:main");
        host.git("-C " + host.file("two") + " fetch -q");
        CHECK(host.git("-C " + host.file("two") + " show origin/main:small.txt") == "small\n");
        host.git("-C " + host.repository() + " fsck --strict");

        // The script was told how long the decoded body is.
        std::size_t longest = 0;
        for (const std::string& line : lines_of(read_text(host.file("requests"))))
            if (line.starts_with("POST /project.git/git-receive-pack "))
                longest = std::max<std::size_t>(longest, std::stoul(line.substr(line.rfind(' '))));
        CHECK(longest > big.size());
    }

    TEST_CASE("Git pushes a compressed request and a hundred branches") {
        if (!has_all({"git", backend})) return;
        const GitHost host;
        const Daemon daemon({.root = host.site.root(), .ini = host.ini});
        const std::string url = url_of(daemon) + "/cgi-bin/git/project.git";
        host.git("clone -q " + url + " " + host.file("one"));
        host.commit("one", "file", "text\n");
        for (int i = 0; i < 100; ++i)
            host.git("-C " + host.file("one") + " branch branch-" + std::to_string(i));
        host.git("-C " + host.file("one") + " push -q --all origin");
        // Over a KiB of "want" lines, which Git sends with Content-Encoding: gzip.
        host.git("-c protocol.version=0 clone -q --mirror " + url + " " + host.file("mirror.git"));
        CHECK(lines_of(host.git("-C " + host.file("mirror.git") + " branch")).size() >= 100);
    }

    TEST_CASE("A push that the repository does not allow is refused, with its reason for Git") {
        if (!has_all({"git", backend})) return;
        const GitHost host;
        host.git("-C " + host.repository() + " config http.receivepack false");
        const Daemon daemon({.root = host.site.root(), .ini = host.ini});
        const Reply reply =
            daemon.get("/cgi-bin/git/project.git/info/refs?service=git-receive-pack");
        CHECK(reply.status == 403);
        CHECK(daemon.get("/cgi-bin/git/none.git/info/refs").status == 404);
        // They answer as they should: nothing of it is a failure of the script (see expected_log).
    }

    TEST_CASE("gitweb shows a repository") {
        if (!has_all({"git", "/usr/share/gitweb/gitweb.cgi"})) return;
        const GitHost host;
        host.git("init -q " + host.file("one"));
        host.commit("one", "hello.txt", "hello from gitweb\n");
        host.git("-C " + host.file("one") + " push -q " + host.repository() + " HEAD:main");
        host.place.write("gitweb.conf", "$projectroot = '" + host.srv.str() +
                                            "'; $git_temp = '/tmp'; our $site_name = 'S'; 1;\n");
        host.site.script("gitweb.cgi", read_text("/usr/share/gitweb/gitweb.cgi"));
        const Daemon daemon({.root = host.site.root(),
                             .ini = host.ini + "GITWEB_CONFIG = " + host.file("gitweb.conf")});
        const Reply list = daemon.get("/cgi-bin/gitweb.cgi");
        CHECK(list.status == 200);
        CHECK(list.get("Content-Type").starts_with("text/html"));
        CHECK(has(list.body, "project.git"));
        const Reply blob = daemon.get("/cgi-bin/gitweb.cgi?p=project.git;a=blob_plain;f=hello.txt");
        CHECK(blob.status == 200);
        CHECK(blob.body == "hello from gitweb\n");
        CHECK(daemon.get("/cgi-bin/gitweb.cgi/project.git/tree").status == 200);
        CHECK(daemon.get("/cgi-bin/gitweb.cgi?p=none.git").status == 404);
    }

    TEST_CASE("cgit shows a repository") {
        const std::string program = "/usr/lib/cgit/cgit.cgi";
        if (!has_all({"git", program})) return;
        const GitHost host;
        host.git("init -q " + host.file("one"));
        host.commit("one", "hello.txt", "hello from cgit\n");
        host.git("-C " + host.file("one") + " push -q " + host.repository() + " HEAD:main");
        host.place.write("cgitrc",
                         "cache-size=0\nrepo.url=project\nrepo.path=" + host.repository() + "\n");
        host.site.script("cgit", read_text(program));
        const Daemon daemon(
            {.root = host.site.root(), .ini = host.ini + "CGIT_CONFIG = " + host.file("cgitrc")});
        const Reply list = daemon.get("/cgi-bin/cgit");
        CHECK(list.status == 200);
        CHECK(list.get("Content-Type").starts_with("text/html"));
        CHECK(has(list.body, "/cgi-bin/cgit/project/"));  // links made from SCRIPT_NAME
        CHECK(daemon.get("/cgi-bin/cgit/project/plain/hello.txt").body == "hello from cgit\n");
    }
}
