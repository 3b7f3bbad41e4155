// Configuration mistakes and the options that end at once, through the program itself.
#include <filesystem>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

/// One line on stderr that begins with `where`, exit status 2, and nothing else.
void check_refused(const Output& output, const std::string& where, std::string_view what) {
    CAPTURE(output.err);
    CHECK(output.exit_status == 2);
    CHECK(output.out == "");
    CHECK(lines_of(output.err).size() == 1);
    CHECK(output.err.ends_with("\n"));
    CHECK(output.err.starts_with(where + ": "));
    CHECK(output.err.find(what) != std::string::npos);
}

}  // namespace

TEST_SUITE("daemon configuration") {
    TEST_CASE("A mistake in the file is one line that names it, and nothing is served") {
        const TempDir work;
        work.write("file", "not a directory");
        const struct {
            std::string ini;
            int line;
            const char* says;
        } rows[] = {
            {"[site]\nrooot = /tmp\n", 2, "did you mean 'root'"},
            {"[server]\nport = 0\n[sitte]\n", 3, "did you mean [site]"},
            {"# x\n[server]\nport = 80000\n", 3, "port"},
            {"[site]\nlisting = maybe\n", 2, "neither on nor off"},
            {"[site]\nroot = /no/such/directory\n", 2, "does not exist"},
            {"[site]\nroot = " + (work / "file").string() + "\n", 2, "not a directory"},
            {"[server]\nport = 0\n\n[site x.org]\nroot = /no/such/directory\n", 5,
             "does not exist"},
            {"port = 1\n", 1, "section"},
            {"[site]\nroot\n", 2, ""},
            {"[log]\nerror = /no/such/directory/error.log\n", 2, "No such file"},
            {"[log]\n\naccess = /no/such/directory/access.log\n", 3, "No such file"},
            {"[server]\ntemp_directory = /no/such/directory\n", 2, "does not exist"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.ini);
            const std::string file = work.write("bad.ini", row.ini);
            const std::string where = file + ":" + std::to_string(row.line);
            check_refused(run_daemon({"--config", file}), where, row.says);
        }
        check_refused(run_daemon({"--config", work / "none.ini"}), "basehttpd", "none.ini");
    }

    TEST_CASE("--check-config finds what a start would not get over, and makes nothing") {
        const TempDir work;
        std::filesystem::create_directory(work / "directory");
        const std::string place = work.str();
        const struct {
            std::string ini, says;
        } rows[] = {
            {"[log]\nerror = /no/such/directory/error.log\n", "No such file"},
            {"[log]\naccess = " + place + "/directory\n", "Is a directory"},
            {"[server]\nbind = unix:/no/such/directory/s\n", "No such file"},
            {"[server]\nbind = unix:" + place + "/directory\n", "Is a directory"},
            {"[server]\nhealth_bind = unix:/no/such/directory/s\n", "No such file"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.ini);
            const std::string file = work.write("bad.ini", row.ini);
            check_refused(run_daemon({"--config", file, "--check-config"}), file + ":2", row.says);
        }
        const std::string good = work.write(
            "good.ini", "[server]\nbind = unix:" + place + "/s\n[log]\naccess = " + place +
                            "/a.log\nerror = -\n[site]\nroot = " + place + "/directory\n");
        CHECK(run_daemon({"--config", good, "--check-config"}).exit_status == 0);
        CHECK_FALSE(std::filesystem::exists(work / "a.log"));
        CHECK_FALSE(std::filesystem::exists(work / "s"));
    }

    TEST_CASE("A wrong command line is one line and exit status 2") {
        const struct {
            std::vector<std::string> arguments;
            const char* says;
        } rows[] = {
            {{"--prot", "0"}, "did you mean '--port'"},
            {{"--port"}, "--port"},
            {{"--port", "none"}, "none"},
            {{"--root", "/no/such/directory", "--port", "0"}, "does not exist"},
            {{"--bind", "999.1.1.1", "--port", "0"}, "999.1.1.1"},
            {{"-Z"}, "-Z"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.arguments.front());
            check_refused(run_daemon(row.arguments), "basehttpd", row.says);
        }
    }

    TEST_CASE("An address that cannot be listened on is blamed on the line that names it") {
        const TempDir work;
        const auto [taken, endpoint] = listening_socket();
        const std::string port = std::to_string(endpoint.port);
        const struct {
            std::string ini;
            int line;
            std::string says;
        } rows[] = {
            {"[server]\nport = " + port + "\nbind = 127.0.0.1\n", 2, "in use"},
            {"[server]\nport = " + port + "\n", 2, "in use"},
            {"[server]\nport = 0\nbind = 127.0.0.1:" + port + "\n", 3, "in use"},
            {"[server]\nbind = 127.0.0.1:0\nbind = 127.0.0.1:" + port + "\n", 3, "in use"},
            {"[server]\nport = 0\nbind = 192.0.2.1\n", 3, "Cannot assign"},
            {"[server]\nport = 0\nbind = unix:/no/such/directory/s\n", 3, "No such file"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.ini);
            const std::string file = work.write("taken.ini", row.ini + "[site]\nroot = .\n");
            check_refused(run_daemon({"--config", file}), file + ":" + std::to_string(row.line),
                          row.says);
        }
        check_refused(run_daemon({"--bind", "127.0.0.1", "--port", port}), "basehttpd",
                      "choose another port with --port");
        // The other server is not disturbed.
        CHECK(connect_to(endpoint));
    }

    TEST_CASE("--check-config tells whether the file is good and serves nothing") {
        const TempDir work;
        const auto [taken, endpoint] = listening_socket();
        const std::string good =
            work.write("good.ini", "[server]\nbind = 127.0.0.1:" + std::to_string(endpoint.port) +
                                       "\n[site]\nroot = " + work.str() + "\n");
        const Output output = run_daemon({"--check-config", "--config", good});
        CHECK(output.exit_status == 0);
        CHECK(output.out == "The configuration is good.\n");
        CHECK(output.err == "");
        const std::string bad = work.write("bad.ini", "[site]\nlisting = 7\n");
        check_refused(run_daemon({"--check-config", "--config", bad}), bad + ":2", "listing");
    }

    TEST_CASE(
        "--print-config prints settings with their origins, and the output is a configuration") {
        const TempDir work;
        const std::string file =
            work.write("a.ini", "[site]\nroot = " + work.str() +
                                    "\nheader = X: a # b\n[site x.org]\nlisting = off\n");
        const Output output = run_daemon({"--print-config", "--config", file, "--port", "81"});
        CHECK(output.exit_status == 0);
        CHECK(output.err == "");
        const auto has = [&](std::string_view start, std::string_view end) {
            for (const std::string& line : lines_of(output.out))
                if (line.starts_with(start) && line.ends_with(end)) return true;
            return false;
        };
        CHECK(has("port = 81 ", "# command line"));
        CHECK(has("loops = 0 ", "# default"));
        CHECK(has("root = " + work.str(), "# " + file + ":2"));
        CHECK(has("[site x.org]", ""));
        CHECK(has("listing = off ", "# " + file + ":5"));
        const std::string printed = work.write("printed.ini", output.out);
        CHECK(run_daemon({"--check-config", "--config", printed}).exit_status == 0);
    }

    TEST_CASE("--version and --help print and end") {
        const Output version = run_daemon({"--version"});
        CHECK(version.exit_status == 0);
        CHECK(version.out.starts_with("basehttpd "));
        CHECK(lines_of(version.out).size() == 1);
        const Output help = run_daemon({"--help"});
        CHECK(help.exit_status == 0);
        CHECK(help.err == "");
        for (const char* part :
             {"Usage: basehttpd", "--root", "--check-config", "\nSite", "\nServer"})
            CHECK_MESSAGE(help.out.find(part) != std::string::npos, std::string(part));
        // They win over mistakes elsewhere on the line's settings.
        CHECK(run_daemon({"--version", "--root", "/no/such/directory"}).exit_status == 0);
    }
}
