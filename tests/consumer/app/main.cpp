// An application outside the repository: serves on a free port, asks itself, and ends.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <basehttp/basehttp.hpp>
#include <cstdio>

class Hello : public basehttp::BaseHTTPRequestHandler {
  public:
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;
    void do_GET() override {
        const std::string text = "Hello " + client_address.host + ", this is " + path + "\n";
        send_response(200);
        send_header("Content-Length", text.size());
        end_headers();
        wfile.write(text);
    }
};

/// All that the server sends until it closes.
static std::string get(std::uint16_t port, const std::string& path) {
    const basehttp::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{10, 0};
    setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return "";
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    if (send(client.get(), request.data(), request.size(), 0) < 0) return "";
    std::string answer;
    char buffer[4096];
    for (ssize_t n = 0; (n = recv(client.get(), buffer, sizeof buffer, 0)) > 0;)
        answer.append(buffer, static_cast<std::size_t>(n));
    return answer;
}

int main() {
    basehttp::ThreadingHTTPServer hello({"127.0.0.1", 0}, basehttp::handler_class<Hello>());
    basehttp::ThreadingHTTPServer files(
        {"127.0.0.1", 0},
        basehttp::handler_class<basehttp::SimpleHTTPRequestHandler>(basehttp::make_site(".")));
    std::string answers;
    for (basehttp::HTTPServer* server :
         {static_cast<basehttp::HTTPServer*>(&hello), static_cast<basehttp::HTTPServer*>(&files)}) {
        std::thread serving([server] { server->serve_forever(); });
        answers += get(server->server_port, "/world");
        server->shutdown();
        serving.join();
    }
    std::puts(answers.c_str());
    const bool greeted = answers.find("Hello 127.0.0.1, this is /world\n") != std::string::npos;
    const bool missing = answers.find("HTTP/1.1 404 Not Found\r\n") != std::string::npos;
    return greeted && missing ? 0 : 1;
}
