// Ten thousand readers of event streams in one process: SSE, and with --websocket WebSocket.
//
//   load-client PORT [--websocket] < commands > answers
//
// Commands, a line each; every answer is one line of JSON.
//   open FILE PARALLEL EVENTS   one connection for each line of FILE, PARALLEL of them on their
//                               way at a time. A line is a path, then headers, split by tabs.
//                               Answers when each has its first message and EVENTS events.
//   record                      forgets the arrivals so far and keeps those that come.
//   wait COUNT SECONDS          answers when COUNT have arrived, or the time is over.
//   save FILE                   writes the arrivals: event id, nanoseconds of CLOCK_MONOTONIC.
//   close                       closes every connection.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES 50  // 127.0.0.2 and on: one address has too few ports
#define BATCH 1024
#define COMMANDS UINT32_MAX
#define ID_LENGTH 36
#define READ_SIZE 65536
#define PING_LONGEST 125  // as every control frame
#define HEAD_LONGEST 10
#define LONG_16 126  // the length is in the 2 bytes that follow
#define LONG_64 127
static const char FIRST[] = "connection_established";
static const char EVENT[] = "\"eventId\":\"";
#define EVENT_LENGTH (sizeof EVENT - 1)
#define KEPT (EVENT_LENGTH + ID_LENGTH - 1)  // of a read, for what continues in the next one

enum state { UNUSED, CONNECTING, ASKED, ANSWERED, ESTABLISHED };
enum { PING = 9, PONG = 10 };

// Where a WebSocket's frames stand: what is read of a head, or what is left of a payload.
struct frame {
    unsigned char head[HEAD_LONGEST], ping[PING_LONGEST];
    unsigned head_length, ping_length;
    unsigned long long left;
};

struct connection {
    int fd;
    enum state state;
    bool done;  // as `open` wanted it
    unsigned events;
    unsigned kept_length;
    char kept[KEPT];
    struct frame frame;
};

struct arrival {
    char id[ID_LENGTH];
    long long at;
};

static struct connection *connections;
static char **requests;
static size_t *request_lengths;
static unsigned total, started, on_the_way, done, failed, dropped, parallel, wanted_events;
static struct arrival *arrivals;
static size_t arrived, room, awaited;
static bool opening, websocket;
static long long opened_at, deadline;
static int poller, port;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void give_up(const char *what) {
    perror(what);
    exit(1);
}

static void *grown(void *memory, size_t size) {
    void *bigger = realloc(memory, size);
    if (bigger == NULL && size > 0) give_up("realloc");
    return bigger;
}

// --- what to ask for ---------------------------------------------------------------------

static size_t build_request(char *line, char **text) {
    const char *upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    char *rest = line, *path = strsep(&rest, "\t"), *header;
    FILE *out;
    size_t length;
    if ((out = open_memstream(text, &length)) == NULL) give_up("open_memstream");
    fprintf(out, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", path, websocket ? upgrade : "");
    while ((header = strsep(&rest, "\t")) != NULL) fprintf(out, "%s\r\n", header);
    fputs("\r\n", out);
    fclose(out);
    return length;
}

static void read_requests(const char *file) {
    FILE *in = fopen(file, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    if (in == NULL) give_up(file);
    for (unsigned i = 0; i < total; i++) free(requests[i]);
    for (total = 0; (length = getline(&line, &size, in)) > 0; total++) {
        line[strcspn(line, "\n")] = 0;
        requests = grown(requests, (total + 1) * sizeof *requests);
        request_lengths = grown(request_lengths, (total + 1) * sizeof *request_lengths);
        request_lengths[total] = build_request(line, &requests[total]);
    }
    free(line);
    fclose(in);
    connections = grown(connections, total * sizeof *connections);
    memset(connections, 0, total * sizeof *connections);
}

// --- connections -------------------------------------------------------------------------

static void count_as_done(struct connection *one) {
    one->done = true;
    on_the_way--;
    done++;
}

static void finish(struct connection *one) {
    close(one->fd);
    one->state = UNUSED;
    if (one->done) {
        dropped++;
    } else {
        on_the_way--;
        failed++;
    }
}

static void start(unsigned number) {
    struct connection *one = &connections[number];
    struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = number};
    int yes = 1;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number % ADDRESSES);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    one->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (one->fd < 0) give_up("socket");
    setsockopt(one->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(one->fd, (void *)&from, sizeof from) < 0) give_up("bind");
    on_the_way++;
    one->state = CONNECTING;
    if (connect(one->fd, (void *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
        finish(one);
    } else if (epoll_ctl(poller, EPOLL_CTL_ADD, one->fd, &event) < 0) {
        give_up("epoll_ctl");
    }
}

static void ask(unsigned number) {
    struct connection *one = &connections[number];
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    ssize_t length = request_lengths[number];
    if (write(one->fd, requests[number], length) != length) {
        finish(one);
        return;
    }
    one->state = ASKED;
    epoll_ctl(poller, EPOLL_CTL_MOD, one->fd, &event);
}

static bool is_welcome(const char *answer, size_t length) {
    const char *expected = websocket ? "HTTP/1.1 101" : "HTTP/1.1 200";
    if (length >= 12 && memcmp(answer, expected, 12) == 0) return true;
    if (failed == 0) fprintf(stderr, "refused: %.*s\n", (int)(length < 600 ? length : 600), answer);
    return false;
}

static void note_arrival(const char *id, long long at) {
    if (arrived == room) {
        room = room ? room * 2 : 1 << 16;
        arrivals = grown(arrivals, room * sizeof *arrivals);
    }
    memcpy(arrivals[arrived].id, id, ID_LENGTH);
    arrivals[arrived++].at = at;
}

// Finds the events in `text`; what may continue in the next read is kept for it.
static void scan(struct connection *one, const char *text, size_t length, long long at) {
    const char *end = text + length, *place = text, *found;
    if (one->state == ANSWERED && memmem(text, length, FIRST, sizeof FIRST - 1) != NULL)
        one->state = ESTABLISHED;
    while ((found = memmem(place, end - place, EVENT, EVENT_LENGTH)) != NULL &&
           end - found >= (ssize_t)(EVENT_LENGTH + ID_LENGTH)) {
        note_arrival(found + EVENT_LENGTH, at);
        one->events++;
        place = found + EVENT_LENGTH + ID_LENGTH;
    }
    size_t left = end - place;
    one->kept_length = left < KEPT ? left : KEPT;
    memcpy(one->kept, end - one->kept_length, one->kept_length);
    if (!one->done && one->state == ESTABLISHED && one->events >= wanted_events)
        count_as_done(one);
}

// --- WebSocket frames: a server's pings are answered, whatever else it says is text ---------

static void pong(const struct connection *one) {
    unsigned char answer[6 + PING_LONGEST] = {0x80 | PONG, 0x80 | one->frame.ping_length};
    memcpy(answer + 6, one->frame.ping, one->frame.ping_length);  // the mask is 0
    ssize_t length = 6 + one->frame.ping_length;
    if (write(one->fd, answer, length) != length) fputs("a pong was not sent\n", stderr);
}

static unsigned head_size(const struct frame *frame) {
    unsigned short_length = frame->head_length < 2 ? 0 : frame->head[1];
    return short_length == LONG_16 ? 4 : short_length == LONG_64 ? HEAD_LONGEST : 2;
}

static bool is_ping(const struct frame *frame) { return (frame->head[0] & 15) == PING; }

// One byte more of a head; when it is whole, `left` is the payload's length.
static void read_head(struct frame *frame, unsigned char byte) {
    frame->head[frame->head_length++] = byte;
    unsigned size = head_size(frame);
    if (frame->head_length < size) return;
    frame->left = size == 2 ? frame->head[1] : 0;
    for (unsigned i = 2; i < size; i++) frame->left = frame->left << 8 | frame->head[i];
    frame->ping_length = 0;
}

static size_t read_payload(struct frame *frame, const char *text, size_t length) {
    size_t part = frame->left < length ? frame->left : length;
    if (is_ping(frame) && frame->ping_length + part <= PING_LONGEST) {
        memcpy(frame->ping + frame->ping_length, text, part);
        frame->ping_length += part;
    }
    frame->left -= part;
    return part;
}

static void follow_frames(struct connection *one, const char *text, size_t length) {
    struct frame *frame = &one->frame;
    for (size_t i = 0; i < length;) {
        bool in_head = frame->left == 0;
        if (in_head)
            read_head(frame, text[i++]);
        else
            i += read_payload(frame, text + i, length - i);
        bool is_whole = frame->left == 0 && frame->head_length == head_size(frame);
        if (!is_whole) continue;
        if (is_ping(frame)) pong(one);
        frame->head_length = 0;
    }
}

// --- reading -----------------------------------------------------------------------------

// Where the answer to the handshake ends; it is short, and comes in one piece.
static size_t handshake_length(const char *answer, size_t length) {
    const char *end = memmem(answer, length, "\r\n\r\n", 4);
    return end ? (size_t)(end + 4 - answer) : length;
}

static void take(struct connection *one) {
    static char buffer[KEPT + READ_SIZE];
    size_t kept = one->kept_length;
    ssize_t length = read(one->fd, buffer + kept, READ_SIZE);
    long long at = now();
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0 || (one->state == ASKED && !is_welcome(buffer, length))) {
        finish(one);
        return;
    }
    if (websocket) {
        size_t answer = one->state == ASKED ? handshake_length(buffer, length) : 0;
        follow_frames(one, buffer + kept + answer, length - answer);
    }
    if (one->state == ASKED) one->state = ANSWERED;
    memcpy(buffer, one->kept, kept);
    scan(one, buffer, kept + length, at);
}

static void serve(unsigned number, unsigned events) {
    struct connection *one = &connections[number];
    if (one->state == CONNECTING && !(events & (EPOLLERR | EPOLLHUP)))
        ask(number);
    else if (one->state == CONNECTING)
        finish(one);
    else if (one->state != UNUSED)
        take(one);
}

// --- commands ----------------------------------------------------------------------------

static void open_all(const char *file) {
    read_requests(file);
    started = on_the_way = done = failed = dropped = 0;
    opening = true;
    opened_at = now();
}

static void save(const char *file) {
    FILE *out = fopen(file, "w");
    if (out == NULL) give_up(file);
    for (size_t i = 0; i < arrived; i++)
        fprintf(out, "%.*s %lld\n", ID_LENGTH, arrivals[i].id, arrivals[i].at);
    fclose(out);
    printf("{\"arrived\": %zu, \"dropped\": %u}\n", arrived, dropped);
}

static void close_all(void) {
    unsigned closed = 0;
    for (unsigned i = 0; i < total; i++) {
        if (connections[i].state == UNUSED) continue;
        close(connections[i].fd);
        connections[i].state = UNUSED;
        closed++;
    }
    opening = false;
    printf("{\"closed\": %u, \"dropped\": %u}\n", closed, dropped);
}

static void obey(char *line) {
    char file[4096];
    double seconds;
    if (sscanf(line, "open %4095s %u %u", file, &parallel, &wanted_events) == 3) {
        open_all(file);
    } else if (sscanf(line, "wait %zu %lf", &awaited, &seconds) == 2) {
        deadline = now() + (long long)(seconds * 1e9);
    } else if (sscanf(line, "save %4095s", file) == 1) {
        save(file);
    } else if (strncmp(line, "record", 6) == 0) {
        arrived = 0;
        puts("{}");
    } else if (strncmp(line, "close", 5) == 0) {
        close_all();
    } else {
        fprintf(stderr, "unknown command: %s\n", line);
        exit(2);
    }
}

static void read_command(void) {
    static char line[8192];
    if (fgets(line, sizeof line, stdin) == NULL) exit(0);
    obey(line);
}

static void answer_when_over(void) {
    if (opening && done + failed == total) {
        opening = false;
        printf("{\"ready\": %u, \"failed\": %u, \"seconds\": %.4f}\n", done, failed,
               (now() - opened_at) / 1e9);
    }
    if (deadline && (arrived >= awaited || now() > deadline)) {
        deadline = 0;
        printf("{\"arrived\": %zu, \"dropped\": %u}\n", arrived, dropped);
    }
}

int main(int count, char **arguments) {
    static struct epoll_event ready[BATCH];
    struct epoll_event commands = {.events = EPOLLIN, .data.u32 = COMMANDS};
    if (count < 2) return 2;
    port = atoi(arguments[1]);
    websocket = count > 2 && strcmp(arguments[2], "--websocket") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);  // so that no line waits where epoll does not see it
    poller = epoll_create1(0);
    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &commands);
    for (;;) {
        int found = epoll_wait(poller, ready, BATCH, 100);
        for (int i = 0; i < found; i++) {
            if (ready[i].data.u32 == COMMANDS)
                read_command();
            else
                serve(ready[i].data.u32, ready[i].events);
        }
        while (opening && started < total && on_the_way < parallel) start(started++);
        answer_when_over();
    }
}
