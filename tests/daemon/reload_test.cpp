// SIGHUP: new settings count for the next request, and what is under way keeps the old ones.
#include <signal.h>

#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"

using namespace basehttp;

namespace {

std::string header(int number) { return "header = X-Number: " + std::to_string(number) + "\n"; }

Reply get(const LiveServer& server, std::string_view target = "/file.txt") {
    return HttpClient(server.endpoint()).get(target);
}

}  // namespace

TEST_SUITE("daemon reload") {
    TEST_CASE("A reload takes another root and header fields, and connections stay") {
        LiveServer server(usual_settings + header(1));
        server.work().write("site/file.txt", "old");
        server.work().write("next/file.txt", "new");
        HttpClient client(server.endpoint()), silent(server.endpoint());
        for (int i = 0; i < 2; ++i) CHECK(client.get("/file.txt").body == "old");
        const std::string line = server.reload(
            "[server]\nbind = 127.0.0.1\nport = 0\n[site]\nroot = {work}/next\n" + header(2));
        CHECK(has(line, "info: Reloaded: Serving '" + (server.work() / "next").string() +
                            "' on http://127.0.0.1:" + std::to_string(server.endpoint().port)));
        for (HttpClient* one : {&client, &silent}) {  // one has the old answer in its loop's cache
            const Reply reply = one->get("/file.txt");
            CHECK(reply.body == "new");
            CHECK(reply.get("X-Number") == "2");
            CHECK_FALSE(reply.has("Connection"));
        }
    }

    TEST_CASE("What loops had in their caches is gone at once, and new sizes count") {
        LiveServer server(usual_settings + header(0));
        server.work().write("site/file.txt", "x");
        std::vector<std::unique_ptr<HttpClient>> clients;
        for (int i = 0; i < 16; ++i)
            clients.push_back(std::make_unique<HttpClient>(server.endpoint()));
        for (int number = 1; number < 20; ++number) {
            for (auto& client : clients) client->get("/file.txt");
            const bool cached = number % 3 != 0;
            server.reload(usual_settings + header(number) + (cached ? "" : "[cache]\nbytes = 0\n"));
            for (auto& client : clients)
                CHECK(client->get("/file.txt").get("X-Number") == std::to_string(number));
        }
        clients.clear();
        server.signal(SIGTERM);
        CHECK(server.end_status() == 0);
        CHECK(server.count("Cache: ") == 1);
    }

    TEST_CASE("Limits and times of the new settings count") {
        LiveServer server(usual_settings);
        HttpClient client(server.endpoint()), idle(server.endpoint());
        CHECK(client.get("/" + std::string(1000, 'a')).status == 404);
        server.reload(usual_settings +
                      "[limits]\nrequest_line = 200\nbody = 10\n[timeouts]\nidle = 100ms\n");
        HttpClient late(server.endpoint());
        CHECK(late.get("/").status == 200);
        CHECK(late.ends());  // without: after a minute, longer than this client waits
        client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
        CHECK(client.receive().status == 413);
        CHECK(HttpClient(server.endpoint()).get("/" + std::string(1000, 'a')).status == 414);
    }

    TEST_CASE("The logs get a new format and new files") {
        const std::string logs = "own logs\n[log]\nerror = {work}/error.log\naccess = ";
        LiveServer server(logs + "{work}/access.log\naccess_format = \"one %U\"\n" +
                          usual_settings);
        get(server, "/a");
        CHECK(eventually([&] { return read_text(server.work() / "access.log") == "one /a\n"; }));
        server.reload(logs + "{work}/second.log\naccess_format = \"two %U\"\n" + usual_settings);
        get(server, "/b");
        CHECK(eventually([&] { return read_text(server.work() / "second.log") == "two /b\n"; }));
        CHECK(read_text(server.work() / "access.log") == "one /a\n");
        server.write_settings("own logs\n[log]\nerror = {work}/errors.log\naccess = -\n" +
                              usual_settings);
        server.signal(SIGHUP);
        CHECK(eventually(
            [&] { return has(read_text(server.work() / "errors.log"), "info: Reloaded: "); }));
        CHECK(server.count("Reloaded: ") == 1);  // of the first time
    }

    TEST_CASE("SIGUSR1 after a rename opens the log anew, and no line is lost") {
        LiveServer server(usual_settings);
        const auto access = server.work() / "access.log", moved = server.work() / "access.1";
        const auto lines = [](const std::filesystem::path& file) {
            return lines_of(read_text(file)).size();
        };
        HttpClient client(server.endpoint());
        for (int i = 0; i < 20; ++i) client.get("/");
        std::filesystem::rename(access, moved);
        for (int i = 0; i < 20; ++i) client.get("/");
        server.signal(SIGUSR1);
        CHECK(server.logs("The log files were opened again"));
        for (int i = 0; i < 20; ++i) client.get("/");
        CHECK(eventually([&] { return lines(access) + lines(moved) == 60; }));
        CHECK(lines(moved) >= 1);  // some may have waited in memory
        CHECK(lines(access) >= 20);
    }

    TEST_CASE("Scripts and uploads that are under way end with the old settings") {
        const CgiSite site;
        const Fd go = site.fifo("go");
        site.script("wait.sh",
                    "#!/bin/sh\nread line <../go\nprintf 'Content-Type: text/plain\\n\\n%s %s' "
                    "$LIFE \"$(cat)\"\n");
        const auto ini = [&](int number) {
            return "[server]\nbind = 127.0.0.1\nport = 0\n[limits]\nbody = " +
                   std::to_string(11 - number) + "\n[site]\nroot = " + site.root() + "\n" +
                   header(number) + cgi_ini("env = LIFE=" + std::to_string(number) + "\n");
        };
        LiveServer server(ini(1));
        HttpClient script(server.endpoint()), upload(server.endpoint());
        script.send("GET /cgi-bin/wait.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(eventually([&] { return site.processes().size() == 1; }));
        const std::string post = "POST /cgi-bin/wait.sh HTTP/1.1\r\nHost: x\r\nContent-Length: 10";
        upload.send(post + "\r\nExpect: 100-continue\r\n\r\n");
        CHECK(upload.receive().status == 100);
        upload.send("01234");
        server.reload(ini(2));
        upload.send("56789");
        for (int i = 0; i < 2; ++i) write_line(go, "");
        const Reply first = script.receive(), second = upload.receive();
        CHECK(first.body == "1 ");
        CHECK(first.get("X-Number") == "1");
        CHECK(second.body == "1 0123456789");
        CHECK(second.get("X-Number") == "1");
        upload.send(post + "\r\n\r\n");  // the next one on the same connection
        CHECK(upload.receive().status == 413);
    }

    TEST_CASE("Scripts that a reload brings run, and a new limit of them counts") {
        const CgiSite site;
        const Fd go = site.fifo("go");
        site.script("wait.sh",
                    "#!/bin/sh\nread line <../go\nprintf 'Content-Type: text/plain\\n\\ndone'\n");
        const std::string plain =
            "[server]\nbind = 127.0.0.1\nport = 0\n[site]\nroot = " + site.root() + "\n";
        LiveServer server(plain);
        CHECK(get(server, "/cgi-bin/wait.sh").get("Content-Type") != "text/plain");
        server.reload(plain + cgi_ini("children = 1\nqueue = 1\n"));
        HttpClient one(server.endpoint()), two(server.endpoint());
        const auto ask = [](HttpClient& client) {
            client.send("GET /cgi-bin/wait.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        };
        ask(one);
        CHECK(eventually([&] { return site.processes().size() == 1; }));
        server.reload(plain + cgi_ini("children = 2\nqueue = 1\n"));
        ask(two);
        CHECK(eventually([&] { return site.processes().size() == 2; }));
        for (int i = 0; i < 2; ++i) write_line(go, "");
        CHECK(one.receive().body == "done");
        CHECK(two.receive().body == "done");
    }

    TEST_CASE("Many reloads leave no descriptor open") {
        LiveServer server(usual_settings);
        for (int i = 0; i < 3; ++i) server.reload(usual_settings + header(i));
        CHECK(get(server, "/").status == 200);
        const std::size_t before = server.descriptors();
        for (int i = 0; i < 20; ++i) server.reload(usual_settings + header(i));
        CHECK(eventually([&] { return server.descriptors() <= before; }));
    }

    TEST_CASE("What needs a restart is named in one warning, and the rest counts") {
        LiveServer server(usual_settings, {"--no-new-privileges", "on"});
        server.expect("Reloaded, but a restart is needed for: user, group");
        server.work().write("site/file.txt", "x");
        const std::string ini = read_text(server.settings_file());
        std::string text = ini + header(7);
        text.replace(text.find("landlock = off"), 14,
                     "landlock = off\nuser = nobody\ngroup = nogroup");
        server.work().write("basehttpd.ini", text);
        const bool root = ::geteuid() == 0;
        if (!root) return;  // has no other user to become
        server.signal(SIGHUP);
        CHECK(server.logs("info: Reloaded: "));
        CHECK(get(server).get("X-Number") == "7");
        server.expect("Reloaded, but a restart is needed for: user, group");  // it still is
        server.reload();
    }

    TEST_CASE("A reload while the server ends is refused with a line") {
        LiveServer server(usual_settings + "[timeouts]\ndrain_delay = 1h\n");
        server.expect("A signal was ignored: the server is about to end");
        server.signal(SIGTERM);
        CHECK(server.logs("not ready any more"));
        server.write_settings(usual_settings + header(2));
        server.signal(SIGHUP);
        CHECK(server.logs("A signal was ignored"));
        CHECK_FALSE(get(server, "/").has("X-Number"));
        server.signal(SIGTERM);
        CHECK(server.end_status() == 1);
    }
}
