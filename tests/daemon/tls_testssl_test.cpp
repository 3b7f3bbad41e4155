// What testssl.sh finds: nothing above LOW. Its client simulations are left out, and the rest is
// cut in three, so that each part takes less than a minute.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

/// The value of a line `"name" : "value",`.
std::string value_of(std::string_view line) {
    const std::size_t from = line.find('"', line.find(':')) + 1;
    return std::string(line.substr(from, line.rfind('"') - from));
}

/// The findings that a server on the open internet must not have; `count`: of all findings.
std::string bad_findings(const std::string& json, std::size_t& count) {
    std::string bad, id, severity;
    for (const std::string& line : lines_of(json)) {
        if (has(line, "\"id\"")) id = value_of(line);
        if (has(line, "\"severity\"")) severity = value_of(line);
        if (!has(line, "\"finding\"")) continue;
        ++count;
        if (severity == "MEDIUM" || severity == "HIGH" || severity == "CRITICAL" ||
            severity == "FATAL")
            bad += severity + " " + id + ": " + value_of(line) + "\n";
    }
    return bad;
}

void check_with_testssl(const std::string& checks, std::size_t least_findings) {
    if (!has_all({"testssl"})) return;
    const TempDir site;
    site.write("index.html", "hello");
    const TestCa& ca = TestCa::shared();
    const TlsFiles rsa = ca.issue("testssl-rsa", {.rsa = true});
    // Security headers are a site's own business, but are looked for.
    const Daemon daemon({.root = site.str(),
                         .ini = "header = X-Frame-Options: DENY\n"
                                "header = X-Content-Type-Options: nosniff\n"
                                "header = Content-Security-Policy: default-src 'self'\n" +
                                tls_ini("certificate = " + rsa.certificate + "\nkey = " + rsa.key +
                                        "\nhsts = 8760h\n")});
    const std::string json = daemon.work() / "testssl.json";
    const Run run =
        run_script("testssl --quiet --color 0 --warnings off --ip 127.0.0.1 --add-ca " + ca.file() +
                       " --jsonfile " + json + " " + checks +
                       " https://localhost:" + std::to_string(daemon.endpoint().port) + "/",
                   110);
    CAPTURE(run.out);
    std::size_t count = 0;
    CHECK(bad_findings(read_text(json), count) == "");
    CHECK(count >= least_findings);
    CHECK(run.status < 124);  // it came to its end
}

}  // namespace

TEST_SUITE("daemon tls testssl") {
    TEST_CASE("testssl.sh finds nothing bad in protocols, ciphers, preferences and headers") {
        check_with_testssl("-p -s -f -P -h", 40);
    }

    TEST_CASE("testssl.sh finds nothing bad in certificates, extensions and resumption") {
        check_with_testssl("-S", 40);
    }

    TEST_CASE("testssl.sh finds none of the known vulnerabilities") {
        check_with_testssl("-U", 20);
    }
}
