// SIGHUP with settings that cannot be used: all of the old ones stay, and one line says why.
#include "tests/support/cgi_site.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/service_manager.hpp"
#include "tests/support/test_tls_certificates.hpp"

using namespace basehttp;

namespace {

constexpr const char* not_reloaded = "error: Not reloaded, the old settings stay: ";

}  // namespace

TEST_SUITE("daemon reload mistakes") {
    TEST_CASE("A mistake keeps all of the old settings, and one line has file and line") {
        const auto [taken, somebody] = listening_socket();
        const std::string port = std::to_string(somebody.port);
        const std::string garbage = TestCa::shared().directory().write("reload-garbage", "no\n");
        const struct {
            std::string what, lines, where, why;
        } rows[] = {
            {"unknown key", "rooot = /\n", ":14: ", "unknown key 'rooot'"},
            {"missing root", "[site other.test]\nroot = {work}/none\n", ":15: ", "/none"},
            {"certificate", "[tls]\ncertificate = " + garbage + "\n", ":15: ", garbage},
            {"port", "[server]\nhealth_bind = 127.0.0.1:" + port + "\n",
             ":15: ", "cannot listen on 127.0.0.1:" + port + ": Address already in use"},
            {"tls port", "[tls]\nmode = self-signed\nport = " + port + "\n",
             ":16: ", "cannot listen on 127.0.0.1:" + port + ": Address already in use"},
            {"access format", "[log]\naccess_format = %z\n", ":15: ", "access_format"},
            {"switch", "[site o.test]\nroot = {work}/site\n[log]\nrequest_id = perhaps\n",
             ":17: ", "request_id"},
        };
        const std::string good = usual_settings + "header = X-Number: 1\n";
        LiveServer server(good);
        server.work().write("site/file.txt", "x");
        CHECK(HttpClient(server.endpoint()).get("/file.txt").status == 200);  // its loops are there
        const std::size_t before = server.descriptors();
        for (const auto& row : rows) {
            CAPTURE(row.what);
            server.expect(not_reloaded);
            // Lines 1 to 6 are LiveServer's.
            const std::string line = server.reload("[limits]\nbody = 1\n" + usual_settings +
                                                   "header = X-Number: 2\n" + row.lines);
            CAPTURE(line);
            CHECK(has(line, not_reloaded + server.settings_file() + row.where));
            CHECK(has(line, row.why));
            HttpClient client(server.endpoint());
            CHECK(client.get("/file.txt").get("X-Number") == "1");
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nxy");
            CHECK(client.receive().status == 405);
        }
        CHECK(
            eventually([&] { return server.descriptors() <= before + 2; }));  // files of the cache
        CHECK(has(server.reload(good), "info: Reloaded: "));
    }

    TEST_CASE("A log that cannot be opened keeps the old one, and the old settings") {
        const std::string logs = "own logs\n[log]\nerror = {work}/error.log\naccess = {work}/";
        LiveServer server(logs + "access.log\n" + usual_settings);
        server.expect(not_reloaded);
        const std::string line = server.reload(logs + "none/access.log\naccess_format = json\n" +
                                               usual_settings + "header = X-Number: 2\n");
        CAPTURE(line);
        CHECK(has(line, server.settings_file() + ":5: cannot open log file '"));
        CHECK(has(line, "No such file or directory"));
        CHECK_FALSE(HttpClient(server.endpoint()).get("/").has("X-Number"));
        CHECK(eventually([&] {
            return has(read_text(server.work() / "access.log"), "] \"GET / HTTP/1.1\" 200 ");
        }));
    }

    TEST_CASE("Two addresses that cannot be listened on together leave the old settings") {
        const std::string port = std::to_string(listening_socket().second.port);
        LiveServer server(usual_settings + "header = X-Number: 1\n");
        server.expect(not_reloaded);
        const std::string line =
            server.reload("[server]\nbind = 0.0.0.0:" + port + " 127.0.0.1:" + port +
                          "\n[site]\nroot = {work}/site\nheader = X-Number: 2\n");
        CHECK(has(line, "Address already in use"));
        CHECK(has(line, server.settings_file() + ":7: "));
        CHECK(HttpClient(server.endpoint()).get("/").get("X-Number") == "1");
        CHECK_THROWS_AS(connect_to({"127.0.0.1", static_cast<std::uint16_t>(std::stoi(port))}),
                        std::system_error);
    }

    TEST_CASE("The limits of scripts stay, too") {
        const CgiSite site;
        const Fd go = site.fifo("go");
        site.script("wait.sh",
                    "#!/bin/sh\nread line <../go\nprintf 'Content-Type: text/plain\\n\\ndone'\n");
        const auto ini = [&](const std::string& lines) {
            return "[server]\nbind = 127.0.0.1\nport = 0\n[site]\nroot = " + site.root() + "\n" +
                   cgi_ini(lines);
        };
        LiveServer server(ini("children = 8\n"));
        server.expect(not_reloaded);
        const auto [taken, somebody] = listening_socket();
        server.reload(ini("children = 1\n") +
                      "[server]\nhealth_bind = 127.0.0.1:" + std::to_string(somebody.port) + "\n");
        HttpClient one(server.endpoint()), two(server.endpoint());
        for (HttpClient* client : {&one, &two})
            client->send("GET /cgi-bin/wait.sh HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(eventually([&] { return site.processes().size() == 2; }));
        for (int i = 0; i < 2; ++i) write_line(go, "");
        CHECK(one.receive().body == "done");
        CHECK(two.receive().body == "done");
    }

    TEST_CASE("A service manager hears that the old settings serve on, and why they do") {
        const FakeManager manager;
        LiveServer server(usual_settings);
        CHECK(manager.next().starts_with("READY=1\nSTATUS=Serving '"));
        server.expect(not_reloaded);
        server.reload(usual_settings + "rooot = /\n");
        CHECK(manager.next().starts_with("RELOADING=1\n"));
        CHECK(manager.next() == "READY=1\nSTATUS=Not reloaded: " + server.settings_file() +
                                    ":11: unknown key 'rooot' in [site]; did you mean 'root'?");
    }
}
