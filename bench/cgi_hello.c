/* The script that bench/cgi.sh runs: as small as a script can be, so that the server's part shows. */
#include <string.h>
#include <unistd.h>

int main(void) {
    static const char answer[] = "Content-Type: text/plain\r\n\r\nhello\n";
    return write(1, answer, strlen(answer)) < 0;
}
