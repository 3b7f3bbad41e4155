// Requests and answers in records: small ones, many, large bodies, slow readers, and the end.
#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <fstream>
#include <future>
#include <ostream>
#include <string>

#include "handlers/simple_http_request_handler.hpp"
#include "tests/support/test_tls_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
constexpr std::size_t piece = 1'000'000, pieces = 100;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long little_memory = 4'000'000;  // KiB; a sanitizer keeps what is freed
#else
constexpr long little_memory = 30'000;  // of the client in this process, too
#endif

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// The most memory that this process has had since reset_peak(), in KiB.
long peak() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

/// Bytes of a stream that tell where in it they are.
std::string bytes_at(std::size_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>((offset + i) * 2654435761u >> 13);
    return bytes;
}

/// Writes 100 MB; tells how far it came.
struct Stream {
    std::atomic<std::size_t> written = 0;
    HandlerFactory handler() {
        return function_handler([this](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("Content-Length", piece * pieces);
            h.end_headers();
            for (std::size_t i = 0; i < pieces; ++i) {
                h.wfile.write(bytes_at(i * piece, piece));
                written += piece;
            }
        });
    }
};

/// Receives 100 MB of bytes_at(); whether all were right.
bool receives_all(RawClient& client) {
    bool right = true;
    for (std::size_t i = 0; i < pieces; ++i)
        right = right && client.receive(piece) == bytes_at(i * piece, piece);
    return right;
}

}  // namespace

TEST_SUITE("tls data") {
    TEST_CASE("A handler knows the protocol and the cipher that were settled") {
        TestServer server(tls_info_handler(), SpeaksTls());
        for (const int version : versions) {
            RawClient client = tls_client(server, {.max_version = version});
            const SSL* const ssl = client.stream().ssl();
            const std::string start = std::string("\r\n\r\n") + SSL_get_version(ssl) + "|" +
                                      SSL_get_cipher_name(ssl) + "|localhost||new|";
            CHECK(has(ask(client), start));
        }
    }

    TEST_CASE("ALPN settles http/1.1; a client that speaks nothing of ours is refused") {
        TestServer server(tls_info_handler(), SpeaksTls());
        for (const int version : versions) {
            RawClient both =
                tls_client(server, {.max_version = version, .alpn = {"h2", "http/1.1"}});
            CHECK(has(ask(both), "|localhost|http/1.1|"));
            CHECK_THROWS_WITH(tls_client(server, {.max_version = version, .alpn = {"h2"}}),
                              "TLS handshake: tlsv1 alert no application protocol");
        }
    }

    TEST_CASE("A hundred pipelined requests in one record are answered in order") {
        TestServer server(echo_handler(), SpeaksTls());
        for (const int version : versions) {
            RawClient client = tls_client(server, {.max_version = version});
            std::string text;
            for (int i = 0; i < 100; ++i) text += get_from("h", "/" + std::to_string(i));
            client.send(text);
            for (int i = 0; i < 100; ++i)
                client.receive_until("\r\n\r\nGET /" + std::to_string(i) + " []");
            CHECK_FALSE(client.something_there());
        }
    }

    TEST_CASE("Records of one byte are read like others, though they come together") {
        TestServer server(echo_handler(), SpeaksTls());
        const std::string request =
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n" + std::string(3000, 'x');
        for (const int version : versions) {
            RawClient client = tls_client(server, {.max_version = version});
            for (int i = 0; i < 3; ++i) {
                for (const char c : request) client.send({&c, 1});
                client.receive_until("POST / [" + std::string(3000, 'x') + "]");
            }
        }
    }

    TEST_CASE("A request right behind the handshake is answered, and so is its end") {
        TestServer server(echo_handler(), SpeaksTls());
        for (int i = 0; i < 50; ++i) {
            RawClient client = tls_client(server);
            client.send(get_from("h"));
            client.half_close();
            CHECK(client.receive_all().ends_with("GET / []"));
            CHECK(client.ended_cleanly());
        }
    }

    TEST_CASE("An early close_notify of the client cuts no answer short") {
        // What the server has not read when it closes would be a reset, and lose what is unsent.
        const std::string text(600'000, 'x');
        TestServer server(function_handler([&](FunctionHandler& h) { h.answer(text); }),
                          SpeaksTls());
        for (int i = 0; i < 200; ++i) {
            RawClient client = tls_client(server);
            client.send(get_from("h", "/", "Connection: close\r\n"));
            client.half_close();
            REQUIRE(client.receive_all().size() > text.size());
            REQUIRE(client.ended_cleanly());
        }
    }

    TEST_CASE("The last answer is followed by close_notify") {
        TestServer server(echo_handler(), SpeaksTls());
        for (const int version : versions) {
            CAPTURE(version);
            for (const std::string& request :
                 {get_from("h", "/", "Connection: close\r\n"), std::string("BAD\r\n\r\n"),
                  std::string("GET / HTTP/1.0\r\n\r\n")}) {
                CAPTURE(request);
                RawClient client = tls_client(server, {.max_version = version});
                client.send(request);
                CHECK(client.receive_all().starts_with("HTTP/1.1 "));
                CHECK(client.ended_cleanly());
            }
            RawClient idle = tls_client(server, {.max_version = version});
            ask(idle);
            server.advance(61s);
            CHECK(idle.ends());
            CHECK(idle.ended_cleanly());
        }
    }

    TEST_CASE("A body that ends without close_notify is no shorter body") {
        std::atomic<bool> ran = false;
        TestServer server(function_handler([&](FunctionHandler& h) {
                              ran = true;
                              h.answer("");
                          }),
                          SpeaksTls());
        for (const std::string framing : {"Content-Length: 10\r\n\r\nhello",
                                          "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
            RawClient client = tls_client(server);
            client.send("POST / HTTP/1.1\r\nHost: h\r\n" + framing);
            server.settle();
            client.stream().truncate();
            server.settle();
        }
        server.stop();
        CHECK_FALSE(ran);
    }

    TEST_CASE("A client that leaves without close_notify has had its answers, and is no error") {
        TestServer server(echo_handler(), SpeaksTls());
        RawClient client = tls_client(server);
        ask(client);
        client.stream().truncate();
        server.settle();
        CHECK(has(server.access_log(), "\" 200 "));
        CHECK(server.error_log() == "");
    }

    TEST_CASE("100 MB come down in little memory") {
        Stream stream;
        TestServer server(stream.handler(), SpeaksTls());
        for (const int version : versions) {
            RawClient client = tls_client(server, {.max_version = version});
            reset_peak();
            const long before = peak();
            client.send(get_from("h"));
            client.receive_until("\r\n\r\n");
            CHECK(receives_all(client));
            CHECK(peak() - before < little_memory);
        }
    }

    TEST_CASE("100 MB go up in little memory") {
        TestServer server(function_handler([](FunctionHandler& h) {
                              bool right = true;
                              for (std::size_t i = 0; i < pieces; ++i)
                                  right =
                                      right && h.rfile.read(piece) == bytes_at(i * piece, piece);
                              h.answer(right && h.rfile.read() == "" ? "right" : "wrong");
                          }),
                          SpeaksTls());
        for (const int version : versions) {
            RawClient client = tls_client(server, {.max_version = version});
            reset_peak();
            const long before = peak();
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
            for (std::size_t i = 0; i < pieces; ++i) client.send(bytes_at(i * piece, piece));
            client.receive_until("right");
            CHECK(peak() - before < little_memory);
        }
    }

    TEST_CASE("A large file comes down whole, in part, and again") {
        const TempDir directory;
        {
            std::ofstream file(directory / "large", std::ios::binary);
            for (std::size_t i = 0; i < pieces; ++i) file << bytes_at(i * piece, piece);
        }
        const auto site = std::make_shared<StaticSite>(DocumentRoot::open(directory.str()));
        TestServer server(handler_class<SimpleHTTPRequestHandler>(site), SpeaksTls());
        for (const int version : versions) {
            RawClient client = tls_client(server, {.max_version = version});
            for (int i = 0; i < 2; ++i) {
                client.send(get_from("h", "/large"));
                client.receive_until("\r\n\r\n");
                CHECK(receives_all(client));
                client.send(get_from("h", "/large", "Range: bytes=70000001-70100000\r\n"));
                CHECK(has(client.receive_until("\r\n\r\n"), " 206 "));
                CHECK((client.receive(100'000) == bytes_at(70'000'001, 100'000)));
            }
        }
    }

    TEST_CASE("A client that wants short records (RFC 6066) gets all of a file in them") {
        const TempDir directory;
        const std::string page = bytes_at(0, 5000), large = bytes_at(7, 3'000'000);
        directory.write("page.bin", page);
        directory.write("large.bin", large);
        TestServer server(handler_class<SimpleHTTPRequestHandler>(make_site(directory.str())),
                          SpeaksTls());
        for (const int version : versions) {
            for (const int fragment :
                 {TLSEXT_max_fragment_length_512, TLSEXT_max_fragment_length_4096}) {
                CAPTURE(version);
                CAPTURE(fragment);
                RawClient client =
                    tls_client(server, {.max_version = version, .max_fragment = fragment});
                for (int i = 0; i < 2; ++i) {  // handled, then replayed
                    client.send(get_from("localhost", "/page.bin"));
                    client.receive_until("\r\n\r\n");
                    CHECK(client.receive(page.size()) == page);
                    client.send(get_from("localhost", "/large.bin"));
                    client.receive_until("\r\n\r\n");
                    CHECK(client.receive(large.size()) == large);
                }
            }
        }
    }

    TEST_CASE("A slow reader holds its handler, not memory, and gets everything in the end") {
        Stream stream;
        TestServer server(stream.handler(), SpeaksTls());
        RawClient client(server.port(), TlsClientOptions{}, 4096);
        client.send(get_from("h"));
        client.receive_until("\r\n\r\n");
        for (int i = 0; i < 100; ++i) server.settle();
        CHECK(stream.written < 20'000'000);
        CHECK(receives_all(client));
    }
}
