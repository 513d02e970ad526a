/* The floor of the comparison: what a logout over plain http cannot do without.
 *
 * It does the same durable work as plexctl (guarded open, one DELETE, lock of the directory, second look at the file,
 * temporary file, fsync, rename, fsync of the directory), but finds the profile by comparing lines: no TOML parser, no
 * names to resolve, no TLS, and no error that an operator could read. Do not use it for anything else.
 *
 * usage: floor CONFIG    (ends with 0 for a session that was ended, and for none; with 1 for everything else)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct text {
    char *bytes;
    size_t length;
    struct stat metadata;
};

struct session {
    char *table, *table_end;      /* the profile's table, header included */
    char *pointer, *pointer_end;  /* the line of the default pointer */
    char token[256], id[37], host[64];
    int port;
};

static void require(int condition) {
    if (!condition)
        _exit(1);
}

static struct text read_private(const char *path) {
    struct text text;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    require(file >= 0 && fstat(file, &text.metadata) == 0);
    require(S_ISREG(text.metadata.st_mode) && (text.metadata.st_mode & 07777 & ~0600) == 0);
    text.bytes = malloc(text.metadata.st_size + 1);
    text.length = 0;
    for (ssize_t count; (count = read(file, text.bytes + text.length, text.metadata.st_size - text.length)) > 0;)
        text.length += count;
    text.bytes[text.length] = 0;
    close(file);
    return text;
}

static int find(struct text text, struct session *session) {
    char name[128], header[160];
    session->pointer = strstr(text.bytes, "default = \"");
    if (!session->pointer || sscanf(session->pointer, "default = \"%127[^\"]\"", name) != 1)
        return 0;
    session->pointer_end = strchr(session->pointer, '\n') + 1;
    snprintf(header, sizeof header, "[profiles.%s]\n", name);
    session->table = strstr(session->pointer_end, header);
    if (!session->table)
        return 0;
    /* A blank line before the next header belongs to what stays. */
    session->table_end = strstr(session->table, "\n\n");
    session->table_end = session->table_end ? session->table_end + 1 : text.bytes + text.length;
    char *server = strstr(session->table, "server = \"http://"), *token = strstr(session->table, "token = \"");
    require(server && sscanf(server, "server = \"http://%63[^:]:%d", session->host, &session->port) == 2);
    require(token && sscanf(token, "token = \"%255[^\"]\"", session->token) == 1);
    char *id = strchr(session->token + strlen("psk_"), '_');
    require(id && strlen(id) > sizeof session->id);
    memcpy(session->id, id + 1, sizeof session->id - 1);
    session->id[sizeof session->id - 1] = 0;
    return 1;
}

static void send_revocation(const struct session *session) {
    char request[1024], answer[4096];
    int yes = 1, stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(session->port)};
    require(inet_pton(AF_INET, session->host, &address.sin_addr) == 1);
    require(setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
    require(connect(stream, (struct sockaddr *)&address, sizeof address) == 0);
    int length = snprintf(request, sizeof request,
                          "DELETE /v1/auth/tokens/%s HTTP/1.1\r\nhost: %s:%d\r\nauthorization: Bearer %s\r\n"
                          "accept: application/problem+json, application/json\r\nuser-agent: floor\r\n\r\n",
                          session->id, session->host, session->port, session->token);
    require(write(stream, request, length) == length);
    require(read(stream, answer, sizeof answer) > 12 && memcmp(answer, "HTTP/1.1 204", 12) == 0);
    close(stream);
}

static void write_all(int file, const char *bytes, size_t length) {
    require(write(file, bytes, length) == (ssize_t)length);
}

int main(int count, char **arguments) {
    struct session before, now;
    require(count == 2);
    struct text text = read_private(arguments[1]);
    if (!find(text, &before)) {
        fputs("No active session; nothing to do.\n", stderr);
        return 0;
    }
    send_revocation(&before);

    char target[4096], temp[4200], directory_path[4096];
    require(realpath(arguments[1], target) != NULL);
    snprintf(directory_path, sizeof directory_path, "%.*s", (int)(strrchr(target, '/') - target), target);
    snprintf(temp, sizeof temp, "%s/.floor.tmp", directory_path);
    int directory = open(directory_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(directory >= 0 && flock(directory, LOCK_EX) == 0);
    text = read_private(target);
    require(find(text, &now) && strcmp(now.token, before.token) == 0);

    int file = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    require(file >= 0 && fchmod(file, text.metadata.st_mode & 07777) == 0);
    write_all(file, text.bytes, now.pointer - text.bytes);
    write_all(file, now.pointer_end, now.table - now.pointer_end);
    write_all(file, now.table_end, text.bytes + text.length - now.table_end);
    require(fsync(file) == 0 && close(file) == 0);
    require(rename(temp, target) == 0 && fsync(directory) == 0);
    puts("Logged out.");
    return 0;
}
