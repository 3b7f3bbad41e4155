// SIGUSR2: a new process takes over what is listened on, and the old one finishes what it has
// begun.
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>

#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/service_manager.hpp"

using namespace basehttp;

namespace {

constexpr std::size_t big = 24 << 20;
constexpr const char* slow =
    "#!/bin/sh\nread line <../go\nprintf 'Content-Type: a/b\n\n%s' $PPID\n";

std::string with_scripts(const CgiSite& site) {
    return "[server]\nbind = 127.0.0.1\nport = 0\n[site]\nroot = " + site.root() + "\n" + cgi_ini();
}

/// The process that answers a new connection: scripts are its children.
int server_behind(const Endpoint& endpoint) {
    return std::stoi(HttpClient(endpoint).get("/cgi-bin/pid.sh").body);
}

std::size_t read_rest(HttpClient& client) {
    std::size_t taken = 0;
    for (std::size_t count = 1; count > 0 && taken < big; taken += count)
        count = client.read_some(1 << 20).size();
    return taken;
}

/// A copy of the program, which tests replace; LiveServer starts it while this lives.
struct CopiedProgram {
    CopiedProgram() : original(daemon_program()), path(directory / "basehttpd") {
        std::filesystem::copy_file(original, path);
        ::setenv("BASEHTTPD", path.c_str(), 1);
    }
    CopiedProgram(const CopiedProgram&) = delete;
    CopiedProgram& operator=(const CopiedProgram&) = delete;
    ~CopiedProgram() { ::setenv("BASEHTTPD", original.c_str(), 1); }

    void replace_by(const std::string& program) const {
        std::filesystem::copy_file(program, directory / "next");
        std::filesystem::rename(directory / "next", path);
    }
    /// By a script; executable.
    void replace_by_script(std::string_view text) const {
        const auto script = directory.write("script", text);
        std::filesystem::permissions(script, std::filesystem::perms(0755));
        std::filesystem::rename(script, path);
    }

    TempDir directory;
    const std::string original, path;
};

}  // namespace

TEST_SUITE("daemon upgrade") {
    TEST_CASE("Another process serves on the same port, and the old one ends with 0") {
        const CgiSite site;
        site.script("pid.sh", "#!/bin/sh\nprintf 'Content-Type: a/b\n\n%s' $PPID\n");
        LiveServer server(with_scripts(site));
        CHECK(server_behind(server.endpoint()) == server.first_pid());
        server.upgrade();
        CHECK(server.pid() != server.first_pid());
        CHECK(server.first_end_status() == 0);
        CHECK(server_behind(server.endpoint()) == server.pid());
        CHECK(server.announced().front().port == server.endpoint().port);
        const std::string text = with_scripts(site);
        server.reload(text.substr(0, text.find("[cgi]")) + "header = X-New: 1\n" + cgi_ini());
        CHECK(HttpClient(server.endpoint()).get("/").get("X-New") == "1");
    }

    TEST_CASE("A client that keeps its connection is told to open another one") {
        LiveServer server(usual_settings);
        server.work().write("site/file.txt", "x");
        HttpClient client(server.endpoint());
        CHECK(client.get("/file.txt").status == 200);
        server.upgrade();
        const Reply last = client.get("/file.txt");  // within a second of the one before
        CHECK(last.status == 200);
        CHECK(last.get("Connection") == "close");
        CHECK(client.ends());
        CHECK_FALSE(HttpClient(server.endpoint()).get("/file.txt").has("Connection"));
    }

    TEST_CASE("Downloads, uploads and scripts under way end well in the old process") {
        const CgiSite site;
        const Fd go = site.fifo("go");
        site.files().write("big.bin", std::string(big, 'b'));
        site.script("slow.sh", slow);
        site.script("count.sh", "#!/bin/sh\nprintf 'Content-Type: a/b\n\n%s' $(wc -c)\n");
        LiveServer server(with_scripts(site) + "[timeouts]\nshutdown = 10ms\n");
        HttpClient download(server.endpoint()), script(server.endpoint()),
            upload(server.endpoint());
        download.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(download.receive_head().status == 200);
        script.send("GET /cgi-bin/slow.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(eventually([&] { return site.processes().size() == 1; }));
        upload.send(
            "POST /cgi-bin/count.sh HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n"
            "Expect: 100-continue\r\n\r\n");
        CHECK(upload.receive().status == 100);
        upload.send("0123");
        server.upgrade();
        server.upgrade();  // the newest one, once more
        write_line(go, "");
        upload.send("4567");
        CHECK(script.receive().body == std::to_string(server.first_pid()));
        CHECK(upload.receive().body == "8");
        CHECK(read_rest(download) == big);
        CHECK(server.first_end_status() == 0);
        CHECK(eventually([] { return ::waitpid(-1, nullptr, WNOHANG) > 0; }));  // the second one
    }

    TEST_CASE("What the old process has begun is not cut when timeouts.shutdown is over") {
        const CgiSite site;
        const Fd go = site.fifo("go");
        site.script("slow.sh", slow);
        LiveServer server(with_scripts(site) + "[timeouts]\nshutdown = 1ms\nbody = 1s\n");
        HttpClient script(server.endpoint()), upload(server.endpoint());
        script.send("GET /cgi-bin/slow.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        upload.send("POST /cgi-bin/slow.sh HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n0");
        CHECK(eventually([&] { return site.processes().size() == 1; }));
        server.upgrade();
        // Its loops go on, and look at all deadlines.
        CHECK(upload.receive().status == 408);
        write_line(go, "");
        CHECK(script.receive().body == std::to_string(server.first_pid()));
    }

    TEST_CASE("Unix sockets keep their files, and work") {
        const TempDir directory;
        const Endpoint file{directory / "sock", 0};
        const std::string ini =
            "[server]\nbind = unix:" + file.host + " 127.0.0.1:0\n[site]\nroot = {work}/site\n";
        LiveServer server(ini);
        const auto inode = [&] {
            struct stat about {};
            return ::stat(file.host.c_str(), &about) == 0 ? about.st_ino : 0;
        };
        const auto before = inode();
        server.upgrade();
        CHECK(server.first_end_status() == 0);
        CHECK(inode() == before);
        CHECK(HttpClient(file).get("/").status == 200);
        CHECK(HttpClient(server.endpoints()[1]).get("/").status == 200);
        CHECK(server.announced()[1].port == server.endpoints()[1].port);
        server.reload("[server]\nbind = 127.0.0.1:0\n[site]\nroot = {work}/site\n");
        CHECK(eventually([&] { return !std::filesystem::exists(file.host); }));
        CHECK(HttpClient(server.endpoints()[1]).get("/").status == 200);
    }

    TEST_CASE("The program file is read anew: a newer one runs, a broken one leaves the old") {
        const CopiedProgram program;
        LiveServer server(usual_settings);
        for (const char* one : {"/bin/false", "/bin/true", "/etc/passwd"}) {
            CAPTURE(std::string(one));
            program.replace_by(one);
            server.expect("Not upgraded: ");
            CHECK(server.upgrade_says("error: Not upgraded: "));
            CHECK(HttpClient(server.endpoint()).get("/").status == 200);
        }
        program.replace_by_script("#!/bin/sh\nexec " + program.original + " \"$@\"\n");
        server.upgrade();
        CHECK(server.first_end_status() == 0);
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
        CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(server.pid()) + "/exe") ==
              std::filesystem::canonical(program.original));
    }

    TEST_CASE("A new process that cannot use the settings leaves the old one, with one line") {
        LiveServer server(usual_settings);
        server.write_settings("[cache]\nentries = many\n" + usual_settings);
        server.expect("error: Not upgraded, this program serves on: the new one did not come up");
        CHECK(server.upgrade_says("Not upgraded"));
        CHECK(eventually([&] {  // the new one may say it a moment later
            return has(read_text(server.work() / "stderr"),
                       server.settings_file() + ":7: entries 'many' is not a number");
        }));
        std::filesystem::resize_file(server.work() / "stderr", 0);
        CHECK(HttpClient(server.endpoint()).get("/").status == 200);
        server.write_settings(usual_settings);
        server.upgrade();
        CHECK(server.first_end_status() == 0);
    }
}
