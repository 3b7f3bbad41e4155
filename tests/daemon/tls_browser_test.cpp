// A browser over TLS.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_tls_daemon.hpp"

using namespace basehttp;

namespace {

/// What Chromium makes of a page.
std::string chromium(const std::string& url, const std::string& options) {
    const TempDir profile;
    return run_script(
               "exec chromium --headless --no-sandbox --disable-gpu --disable-quic "
               "--no-first-run --disable-background-networking --disable-component-update "
               "--disable-sync --disable-dev-shm-usage --window-size=1000,700 "
               "--user-data-dir=" +
                   profile.str() + " " + options + " " + url + " 2>/dev/null",
               60)
        .out;
}

/// The hash of a certificate's public key, as Chromium wants it.
std::string key_hash(const TlsFiles& files) {
    return run_script("openssl x509 -in " + files.certificate +
                      " -noout -pubkey | openssl pkey -pubin -outform der | "
                      "openssl dgst -sha256 -binary | base64 | tr -d '\\n'")
        .out;
}

}  // namespace

TEST_SUITE("daemon tls browser") {
    TEST_CASE("A browser that knows our key shows a page over TLS, with all that it loads") {
        if (!has_all({"chromium", "openssl"})) return;
        const TempDir site;
        site.write("index.html",
                   "<!doctype html><link rel=stylesheet href=style.css><title>TLS</title>"
                   "<p id=p>waiting</p><script src=script.js></script>");
        site.write("style.css", "body { background: #060 } p { color: #fff; font: 4rem serif }");
        site.write("script.js",
                   "fetch('data.txt').then(r => r.text()).then(t => { "
                   "document.getElementById('p').textContent = location.protocol + ' ' + t + ' ' + "
                   "isSecureContext + ' ' + "
                   "performance.getEntriesByType('navigation')[0].nextHopProtocol })");
        site.write("data.txt", "fetched");
        const TlsFiles& files = TestCa::shared().localhost();
        const Daemon daemon({.root = site.str(), .ini = tls_ini("", files)});
        const std::string url = "https://localhost:" + std::to_string(daemon.endpoint().port) + "/";
        const std::string trusted = "--ignore-certificate-errors-spki-list=" + key_hash(files);
        const std::string dom = chromium(url, trusted + " --virtual-time-budget=5000 --dump-dom");
        CAPTURE(dom);
        CHECK(has(dom, "https: fetched true http/1.1"));

        const std::string picture =
            std::filesystem::path(daemon_program()).parent_path() / "tls.png";
        std::filesystem::remove(picture);
        chromium(url, trusted + " --virtual-time-budget=5000 --screenshot=" + picture);
        REQUIRE(std::filesystem::exists(picture));
        CHECK(std::filesystem::file_size(picture) > 3000);
    }

    TEST_CASE("A browser that does not know our authority shows no page") {
        if (!has_all({"chromium"})) return;
        const TempDir site;
        site.write("index.html", "<p>secret</p>");
        const Daemon daemon({.root = site.str(), .ini = tls_ini()});
        const std::string url = "https://localhost:" + std::to_string(daemon.endpoint().port) + "/";
        CHECK_FALSE(has(chromium(url, "--dump-dom"), "secret"));
    }
}
