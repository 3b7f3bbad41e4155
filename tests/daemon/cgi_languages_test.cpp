// Scripts as people write them: PHP, Perl, Python, awk, shell.
#include <cstdio>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

namespace {

Reply post(const Daemon& daemon, std::string_view target, std::string_view type,
           std::string_view body) {
    HttpClient client(daemon.endpoint());
    client.send("POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                std::string(type) + "\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + std::string(body));
    return client.receive();
}

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view upload_type = "multipart/form-data; boundary=XX";
constexpr std::string_view upload =
    "--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA & B\r\n"
    "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.bin\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\n0123456789\n\r\n--XX--\r\n";

}  // namespace

TEST_SUITE("daemon cgi languages") {
    TEST_CASE("PHP runs anywhere in the site, as index too, and gets forms and uploads") {
        if (!has_all({"/usr/bin/php-cgi"})) return;
        const CgiSite site;
        site.files().write("index.php", "<?php echo 'index of ', $_SERVER['SCRIPT_NAME'];");
        site.files().write("shop/form.php",
                           "<?php header('X-From: php');"
                           "echo $_POST['name'], '|', $_GET['q'] ?? '-', '|', "
                           "$_SERVER['PATH_INFO'] ?? '-', '|', $_SERVER['PHP_SELF'];");
        site.files().write("upload.php",
                           "<?php $f = $_FILES['file']; echo $_POST['title'], '|', $f['name'], "
                           "'|', $f['size'], '|', md5_file($f['tmp_name']);");
        site.files().write("away.php",
                           "<?php header('Location: /shop/'); http_response_code(303);");
        site.files().write("broken.php", "<?php http_response_code(500); echo 'sorry';");
        site.files().write(
            "server.php",
            "<?php foreach (['REQUEST_METHOD', 'REQUEST_URI', 'SCRIPT_NAME', 'SCRIPT_FILENAME', "
            "'PATH_INFO', 'PATH_TRANSLATED', 'QUERY_STRING', 'DOCUMENT_ROOT', 'SERVER_PROTOCOL', "
            "'REMOTE_ADDR', 'HTTP_USER_AGENT', 'GATEWAY_INTERFACE'] as $k) "
            "echo $k, '=', $_SERVER[$k] ?? '(none)', \"\\n\";");
        const Daemon daemon({.root = site.root(),
                             .ini = "index = index.php index.html\n"
                                    "[cgi]\n.php = /usr/bin/php-cgi\n"});
        const Reply index = daemon.get("/");
        CHECK(index.status == 200);
        CHECK(index.body == "index of /index.php");
        CHECK(index.get("Content-Type").starts_with("text/html"));
        CHECK(daemon.get("/index.php").body == "index of /index.php");
        const Reply form = post(daemon, "/shop/form.php/in/fo?q=1", form_type, "name=J%C3%BCrgen");
        CHECK(form.body == "J\xC3\xBCrgen|1|/in/fo|/shop/form.php/in/fo");
        CHECK(form.get("X-From") == "php");
        CHECK(post(daemon, "/upload.php", upload_type, upload).body ==
              "A & B|a b.bin|11|3749f52bb326ae96782b42dc0a97b4c1");
        const Reply away = daemon.get("/away.php");
        CHECK(away.status == 303);
        CHECK(away.get("Location") == "/shop/");
        const Reply broken = daemon.get("/broken.php");  // its own 500, not a failure of the run
        CHECK(broken.status == 500);
        CHECK(broken.body == "sorry");
        const Reply server = daemon.get("/server.php/x%20y?a=b", {{"User-Agent", "me"}});
        CHECK(server.body ==
              "REQUEST_METHOD=GET\nREQUEST_URI=/server.php/x%20y?a=b\n"
              "SCRIPT_NAME=/server.php\nSCRIPT_FILENAME=" +
                  site.root() + "/server.php\nPATH_INFO=/x y\nPATH_TRANSLATED=" + site.root() +
                  "/x y\nQUERY_STRING=a=b\nDOCUMENT_ROOT=" + site.root() +
                  "\nSERVER_PROTOCOL=HTTP/1.1\n"
                  "REMOTE_ADDR=127.0.0.1\nHTTP_USER_AGENT=me\n"
                  "GATEWAY_INTERFACE=CGI/1.1\n");
    }

    TEST_CASE("Perl with CGI.pm gets queries, forms and uploads, and sets cookies") {
        if (!has_all({"perl", "/usr/share/perl5/CGI.pm"})) return;
        const CgiSite site;
        site.script(
            "form.pl",
            "#!/usr/bin/perl -T\n"
            "use strict; use warnings; use CGI;\n"
            "my $q = CGI->new;\n"
            "my $f = $q->upload('file'); my $size = 0;\n"
            "if ($f) { local $/; $size = length(<$f>); }\n"
            "print $q->header(-type => 'text/plain', -charset => 'utf-8', -cookie => [\n"
            "  $q->cookie(-name => 'a', -value => 1), $q->cookie(-name => 'b', -value => 2)]);\n"
            "print join '|', scalar $q->param('title'), scalar $q->param('file') // '-', "
            "$size, $q->self_url, $q->path_info;\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        const std::string url = url_of(daemon) + "/cgi-bin/form.pl";
        const Reply query = daemon.get("/cgi-bin/form.pl/x?title=%C3%A9",
                                       {{"Host", url.substr(7, url.find('/', 7) - 7)}});
        CHECK(query.status == 200);
        CHECK(query.get("Content-Type") == "text/plain; charset=utf-8");
        CHECK(query.body == "\xC3\xA9|-|0|" + url + "/x?title=%C3%A9|/x");
        std::size_t cookies = 0;
        for (const auto& [name, value] : query.fields) cookies += name == "Set-Cookie" ? 1 : 0;
        CHECK(cookies == 2);
        CHECK(post(daemon, "/cgi-bin/form.pl", upload_type, upload)
                  .body.starts_with("A & B|a b.bin|11|"));
    }

    TEST_CASE("Python runs by its first line and by its extension") {
        if (!has_all({"/usr/bin/python3"})) return;
        const CgiSite site;
        const std::string text =
            "import os, sys\n"
            "body = sys.stdin.buffer.read()\n"
            "print('Content-Type: text/plain; charset=utf-8\\n')\n"
            "print(os.environ['SCRIPT_NAME'], os.environ.get('PATH_INFO', '-'), len(body),\n"
            "      os.environ.get('CONTENT_LENGTH', '-'), sys.argv[1:], os.getcwd())\n";
        site.script("own.cgi", "#!/usr/bin/python3\n" + text);
        site.files().write("app/mapped.PY", text);
        const Daemon daemon({.root = site.root(), .ini = cgi_ini(".py = /usr/bin/python3\n")});
        CHECK(daemon.get("/cgi-bin/own.cgi?one+t%77o").body ==
              "/cgi-bin/own.cgi - 0 - ['one', 'two'] " + site.root() + "/cgi-bin\n");
        CHECK(post(daemon, "/app/mapped.PY/p", "text/plain", std::string(200'000, 'x')).body ==
              "/app/mapped.PY /p 200000 200000 [] " + site.root() + "/app\n");
    }

    TEST_CASE("awk reads a form and answers without Content-Length of its own") {
        if (!has_all({"/usr/bin/gawk"})) return;
        const CgiSite site;
        site.script(
            "sum.awk",
            "#!/usr/bin/gawk -f\n"
            "BEGIN { RS = \"&\"; FS = \"=\"; printf \"Content-Type: text/plain\\r\\n\\r\\n\" }\n"
            "{ sum += $2 } END { print ENVIRON[\"REQUEST_METHOD\"], sum }\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        const Reply reply = post(daemon, "/cgi-bin/sum.awk", form_type, "a=1&b=20&c=300");
        CHECK(reply.body == "POST 321\n");
        CHECK(reply.get("Content-Length") == "9");  // small: it was complete before it was sent
    }

    TEST_CASE("Each event of a stream arrives before the script can write the next one") {
        const CgiSite site;
        const Fd fifo = site.fifo("events");
        site.script("events.sh",
                    "#!/bin/sh\n"
                    "printf 'Content-Type: text/event-stream\\nCache-Control: no-store\\n\\n'\n"
                    "while read -r word; do\n"
                    "    [ \"$word\" = end ] && exit\n"
                    "    printf 'data: %s\\n\\n' \"$word\"\n"
                    "done <../events\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        HttpClient client(daemon.endpoint());
        client.send("GET /cgi-bin/events.sh HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const Reply head = client.receive_head();  // before any event was written
        CHECK(head.status == 200);
        CHECK(head.get("Content-Type") == "text/event-stream");
        CHECK(head.chunked);
        std::string text;
        for (const std::string word : {"one", "two", "three"}) {
            write_line(fifo, word);
            const std::string event = "data: " + word + "\n\n";
            while (!has(text, event)) {
                const std::string piece = client.read_some(4096);
                REQUIRE(!piece.empty());
                text += piece;
            }
        }
        write_line(fifo, "end");
        while (!text.ends_with("\r\n0\r\n\r\n")) {
            const std::string piece = client.read_some(4096);
            REQUIRE(!piece.empty());
            text += piece;
        }
        CHECK(text ==
              "b\r\ndata: one\n\n\r\nb\r\ndata: two\n\n\r\nd\r\ndata: three\n\n\r\n0\r\n\r\n");
        CHECK(client.get("/cgi-bin/").status != 0);  // the connection goes on
    }
}
