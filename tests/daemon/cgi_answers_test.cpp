// What scripts answer and get, on the wire of the built program.
#include <cstdio>

#include "tests/support/cgi_site.hpp"
#include "tests/support/raw_client.hpp"

using namespace basehttp;

namespace {

/// A script that writes this, for printf.
std::string printing(std::string_view text) {
    return "#!/bin/sh\nprintf '" + std::string(text) + "'\n";
}

struct Row {
    const char* output;  ///< of the script, for printf
    int status;
    const char* fields;  ///< the head's lines, in order, without Date and Server
    const char* body;
};

const Row rows[] = {
    {"Content-Type: text/plain\\n\\nhello", 200,
     "Content-Type: text/plain\r\nContent-Length: 5\r\n", "hello"},
    {"Content-Type: text/plain\\r\\n\\r\\nhello", 200,
     "Content-Type: text/plain\r\nContent-Length: 5\r\n", "hello"},
    {"Status: 404 Not Here\\nContent-Type: text/plain\\n\\nno", 404,
     "Content-Type: text/plain\r\nContent-Length: 2\r\n", "no"},
    {"HTTP/1.1 201 Made\\r\\nContent-Type: a/b\\r\\n\\r\\nx", 201,
     "Content-Type: a/b\r\nContent-Length: 1\r\n", "x"},
    {"Location: http://e.example/x\\n\\n", 302,
     "Location: http://e.example/x\r\nContent-Length: 0\r\n", ""},
    {"Location: http://e.example/x\\nStatus: 303 See\\nContent-Type: text/plain\\n\\nthere", 303,
     "Location: http://e.example/x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n", "there"},
    {"Location: /other/file.txt\\n\\n", 200, nullptr, "static"},
    {"Content-Type: a/b\\nConnection: X-Hop\\nX-Hop: 1\\nTransfer-Encoding: chunked\\nKeep-Alive: "
     "9\\n"
     "Upgrade: h2c\\nTrailer: T\\n\\nx",
     200, "Content-Type: a/b\r\nContent-Length: 1\r\n", "x"},
    {"Content-Type: a/b\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\n\\nx", 200,
     "Content-Type: a/b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 1\r\n", "x"},
    {"Status: 204 None\\n\\n", 204, "", ""},
};

/// The fields of an answer but those of every answer.
std::string fields_of(const Reply& reply) {
    std::string text;
    for (const auto& [name, value] : reply.fields)
        if (name != "Date" && name != "Server" && name != "Connection")
            text.append(name).append(": ").append(value).append("\r\n");
    return text;
}

}  // namespace

TEST_SUITE("daemon cgi answers") {
    TEST_CASE("What a script writes is what the client gets, framed by the server") {
        const CgiSite site;
        site.files().write("other/file.txt", "static");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        HttpClient client(daemon.endpoint());
        for (std::size_t i = 0; i < std::size(rows); ++i) {
            const Row& row = rows[i];
            CAPTURE(std::string(row.output));
            const std::string name = "s" + std::to_string(i) + ".sh";
            site.script(name, printing(row.output));
            const Reply reply = client.get("/cgi-bin/" + name);
            CHECK(reply.status == row.status);
            CHECK(reply.body == row.body);
            if (row.fields != nullptr) CHECK(fields_of(reply) == row.fields);
            const Reply head = client.request("HEAD", "/cgi-bin/" + name);
            CHECK(head.status == row.status);
            CHECK(head.get("Content-Type") == reply.get("Content-Type"));
        }
    }

    TEST_CASE("Local redirects in a circle end") {
        const CgiSite site;
        site.script("a.sh", printing("Location: /cgi-bin/b.sh?x=1\\n\\n"));
        site.script("b.sh", printing("Location: /cgi-bin/a.sh\\n\\n"));
        Daemon daemon({.root = site.root(), .ini = cgi_ini(), .expected_log = {"/cgi-bin/"}});
        const Reply reply = daemon.get("/cgi-bin/a.sh");
        CHECK(reply.status == 502);
        daemon.stop();
        CHECK(reports(daemon).size() == 1);
    }

    TEST_CASE("Any body arrives whole, and CONTENT_LENGTH is true") {
        const CgiSite site;
        site.script(
            "sum.sh",
            "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
            "printf '%s %s %s' \"${CONTENT_LENGTH-none}\" \"${HTTP_TRANSFER_ENCODING-none}\" "
            "\"$(cksum)\"\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        std::string body;
        while (body.size() < 3 << 20) body += std::to_string(body.size()) + "\n";
        const TempDir place;
        const std::string sum = run_command("cksum <" + place.write("body", body).string(), 10).out;
        const std::string expected =
            std::to_string(body.size()) + " none " + sum.substr(0, sum.size() - 1);
        HttpClient client(daemon.endpoint());
        client.send("POST /cgi-bin/sum.sh HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
        CHECK(client.receive().body == expected);
        client.send(
            "POST /cgi-bin/sum.sh HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            "Expect: 100-continue\r\n\r\n");
        CHECK(client.receive().status == 100);
        for (std::size_t at = 0; at < body.size(); at += 99'991) {
            const std::string piece = body.substr(at, 99'991);
            char size[20];
            std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
            client.send(size + piece + "\r\n");
        }
        client.send("0\r\n\r\n");
        CHECK(client.receive().body == expected);
        const Reply none = client.get("/cgi-bin/sum.sh");
        CHECK(none.body == "none none 4294967295 0");
    }

    TEST_CASE("A body beyond the limit is 413 and its script never runs") {
        const CgiSite site;
        site.script("post.sh", "#!/bin/sh\necho ran >../ran\nprintf 'Content-Type: a/b\\n\\n'\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini() + "[limits]\nbody = 1k\n"});
        for (const char* framing :
             {"Content-Length: 2000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n7d0\r\n"}) {
            RawClient client(daemon.endpoint().port);
            client.send("POST /cgi-bin/post.sh HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                        std::string(framing) + std::string(2000, 'x'));
            CHECK(parse_reply(client.receive_all()).status == 413);
        }
        CHECK_FALSE(std::filesystem::exists(site.files() / "ran"));
    }

    TEST_CASE("Large output arrives whole on a connection that goes on") {
        const CgiSite site;
        site.script("big.sh",
                    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec head -c 50000000 "
                    "/dev/zero\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        HttpClient client(daemon.endpoint());
        for (int i = 0; i < 3; ++i) {
            const Reply reply = client.get("/cgi-bin/big.sh");
            CHECK(reply.chunked);
            CHECK(reply.body.size() == 50'000'000);
        }
    }

    TEST_CASE("A client of HTTP/1.0 gets an answer without chunks that ends with the connection") {
        const CgiSite site;
        site.script("big.sh",
                    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec head -c 1000000 "
                    "/dev/zero\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        const std::string sent =
            exchange(daemon.endpoint().port, "GET /cgi-bin/big.sh HTTP/1.0\r\n\r\n");
        CHECK_FALSE(has(sent.substr(0, sent.find("\r\n\r\n")), "Transfer-Encoding"));
        CHECK(sent.size() - sent.find("\r\n\r\n") - 4 == 1'000'000);
    }

    TEST_CASE("Small answers have an ETag by switch, and 304 when it matches") {
        const CgiSite site;
        site.script("small.sh", printing("Content-Type: text/plain\\n\\nsmall"));
        const Daemon daemon({.root = site.root(), .ini = cgi_ini("etag = on\n")});
        const Reply reply = daemon.get("/cgi-bin/small.sh");
        CHECK(reply.get("ETag").size() > 4);
        const Reply again = daemon.get("/cgi-bin/small.sh", {{"If-None-Match", reply.get("ETag")}});
        CHECK(again.status == 304);
        CHECK(daemon.get("/cgi-bin/small.sh", {{"If-None-Match", "\"x\""}}).body == "small");
    }
}
