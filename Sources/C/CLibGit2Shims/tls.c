// The TLS that libgit2 speaks here. Its own compares a certificate's IP addresses the wrong way round (with OpenSSL, until 1.9) or
// not at all (with mbedTLS), and takes authorities for the whole process. OpenSSL judges chain, dates, names and addresses.
// OpenSSL's macros would name this file's place on the machine that built it.
#define OPENSSL_NO_FILENAMES
#include "CLibGit2Shims.h"
#include <errno.h>
#if __has_include(<git2/sys/errors.h>)
// Where newer ones declare how an error is set.
#include <git2/sys/errors.h>
#endif
#include <git2/sys/stream.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    git_stream parent;
    git_stream *carrier; // a proxy's connection, which belongs to libgit2; NULL with a socket of its own
    int socket;
    char *host, *port;
    SSL_CTX *context;
    SSL *ssl;
    unsigned char *encoded;
    git_cert_x509 certificate;
} tls_stream;

// A connection is made on the thread that asked for it.
static _Thread_local const char *authorities_file, *authorities_folder;

void shim_git_set_authorities(const char *file, const char *folder)
{
    authorities_file = file;
    authorities_folder = folder;
}

static _Thread_local const char *distrust = "it has none";

const char *shim_git_distrust(void) { return distrust; }

static int failed(int area, const char *what, const char *why)
{
    char text[512];
    snprintf(text, sizeof text, "%s: %s", what, why);
    git_error_set_str(area, text);
    return -1;
}

static int tls_failed(tls_stream *stream, const char *what, int result)
{
    int kind = stream->ssl ? SSL_get_error(stream->ssl, result) : SSL_ERROR_SSL;
    unsigned long code = ERR_get_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;
    if (!why && kind == SSL_ERROR_SYSCALL) why = errno ? strerror(errno) : "the connection was closed";
    ERR_clear_error();
    return failed(GIT_ERROR_SSL, what, why ? why : "the connection was closed");
}

// Bytes below TLS. A broken connection is an answer, no signal.

static int lower_write(BIO *bio, const char *bytes, int count)
{
    tls_stream *stream = BIO_get_data(bio);
    if (stream->carrier) return (int)stream->carrier->write(stream->carrier, bytes, (size_t)count, 0);
    ssize_t sent;
    do sent = send(stream->socket, bytes, (size_t)count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return (int)sent;
}

static int lower_read(BIO *bio, char *bytes, int count)
{
    tls_stream *stream = BIO_get_data(bio);
    if (stream->carrier) return (int)stream->carrier->read(stream->carrier, bytes, (size_t)count);
    ssize_t got;
    do got = recv(stream->socket, bytes, (size_t)count, 0);
    while (got < 0 && errno == EINTR);
    return (int)got;
}

static long lower_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO *lower(tls_stream *stream)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "git_stream");
    if (!method) return NULL;
    BIO_meth_set_write(method, lower_write);
    BIO_meth_set_read(method, lower_read);
    BIO_meth_set_ctrl(method, lower_control);
    BIO *bio = BIO_new(method);
    if (!bio) {
        BIO_meth_free(method);
        return NULL;
    }
    // The stream frees the method once its BIO is gone.
    BIO_set_data(bio, stream);
    BIO_set_app_data(bio, method);
    BIO_set_init(bio, 1);
    return bio;
}

static int open_socket(tls_stream *stream)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int code = getaddrinfo(stream->host, stream->port, &hints, &found);
    if (code) return failed(GIT_ERROR_NET, "failed to resolve address", gai_strerror(code));
    for (struct addrinfo *one = found; one && stream->socket < 0; one = one->ai_next) {
        int descriptor = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
        if (descriptor < 0) continue;
        if (connect(descriptor, one->ai_addr, one->ai_addrlen) == 0) stream->socket = descriptor;
        else {
            code = errno;
            close(descriptor);
        }
    }
    freeaddrinfo(found);
    return stream->socket < 0 ? failed(GIT_ERROR_NET, "failed to connect", strerror(code)) : 0;
}

static int tls_connect(git_stream *parent)
{
    tls_stream *stream = (tls_stream *)parent;
    if (!stream->carrier && open_socket(stream) < 0) return -1;
    stream->context = SSL_CTX_new(TLS_client_method());
    if (!stream->context) return tls_failed(stream, "TLS cannot be used", 0);
    SSL_CTX_set_min_proto_version(stream->context, TLS1_2_VERSION);
    SSL_CTX_set_mode(stream->context, SSL_MODE_AUTO_RETRY);
    int isNamed = authorities_file || authorities_folder;
    if (isNamed
            ? !SSL_CTX_load_verify_locations(stream->context, authorities_file, authorities_folder)
            : !SSL_CTX_set_default_verify_paths(stream->context))
        return tls_failed(stream, "the authorities cannot be read", 0);
    stream->ssl = SSL_new(stream->context);
    BIO *bio = stream->ssl ? lower(stream) : NULL;
    if (!bio) return tls_failed(stream, "TLS cannot be used", 0);
    SSL_set_bio(stream->ssl, bio, bio);
    // What is not to be trusted is told by the result below, before anything is sent.
    SSL_set_verify(stream->ssl, SSL_VERIFY_NONE, NULL);
    X509_VERIFY_PARAM *wanted = SSL_get0_param(stream->ssl);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!X509_VERIFY_PARAM_set1_ip_asc(wanted, stream->host)
        && (!X509_VERIFY_PARAM_set1_host(wanted, stream->host, 0)
            || !SSL_set_tlsext_host_name(stream->ssl, stream->host)))
        return tls_failed(stream, "no name to ask for", 0);
    ERR_clear_error();
    int result = SSL_connect(stream->ssl);
    if (result != 1) return tls_failed(stream, "TLS was not agreed on", result);
    long verdict = SSL_get_verify_result(stream->ssl);
    if (verdict == X509_V_OK && SSL_get0_peer_certificate(stream->ssl)) return 0;
    distrust = X509_verify_cert_error_string(verdict);
    git_error_set_str(GIT_ERROR_SSL, distrust);
    return GIT_ECERTIFICATE;
}

static int tls_certificate(git_cert **out, git_stream *parent)
{
    tls_stream *stream = (tls_stream *)parent;
    X509 *certificate = stream->ssl ? SSL_get0_peer_certificate(stream->ssl) : NULL;
    OPENSSL_free(stream->encoded);
    stream->encoded = NULL;
    int length = certificate ? i2d_X509(certificate, &stream->encoded) : -1;
    if (length < 0) return failed(GIT_ERROR_SSL, "the server", "it has no certificate");
    stream->certificate.parent.cert_type = GIT_CERT_X509;
    stream->certificate.data = stream->encoded;
    stream->certificate.len = (size_t)length;
    *out = &stream->certificate.parent;
    return 0;
}

static ssize_t tls_write(git_stream *parent, const char *bytes, size_t count, int flags)
{
    tls_stream *stream = (tls_stream *)parent;
    (void)flags;
    if (count == 0) return 0;
    int sent = SSL_write(stream->ssl, bytes, count > 1 << 20 ? 1 << 20 : (int)count);
    return sent > 0 ? sent : tls_failed(stream, "the connection broke", sent);
}

static ssize_t tls_read(git_stream *parent, void *bytes, size_t count)
{
    tls_stream *stream = (tls_stream *)parent;
    int got = SSL_read(stream->ssl, bytes, count > 1 << 20 ? 1 << 20 : (int)count);
    if (got > 0) return got;
    return SSL_get_error(stream->ssl, got) == SSL_ERROR_ZERO_RETURN ? 0 : tls_failed(stream, "the connection broke", got);
}

static int tls_close(git_stream *parent)
{
    tls_stream *stream = (tls_stream *)parent;
    if (stream->ssl && SSL_is_init_finished(stream->ssl)) (void)SSL_shutdown(stream->ssl);
    ERR_clear_error();
    if (stream->socket >= 0) close(stream->socket);
    stream->socket = -1;
    return 0;
}

static void tls_free(git_stream *parent)
{
    tls_stream *stream = (tls_stream *)parent;
    BIO *bio = stream->ssl ? SSL_get_rbio(stream->ssl) : NULL;
    BIO_METHOD *method = bio ? BIO_get_app_data(bio) : NULL;
    SSL_free(stream->ssl);
    BIO_meth_free(method);
    SSL_CTX_free(stream->context);
    OPENSSL_free(stream->encoded);
    if (stream->socket >= 0) close(stream->socket);
    free(stream->host);
    free(stream->port);
    free(stream);
}

static int make(git_stream **out, git_stream *carrier, const char *host, const char *port)
{
    tls_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return failed(GIT_ERROR_NOMEMORY, "TLS", "there is no memory left");
    *stream = (tls_stream){
        .parent = {.version = GIT_STREAM_VERSION, .encrypted = 1, .connect = tls_connect, .certificate = tls_certificate,
            .read = tls_read, .write = tls_write, .close = tls_close, .free = tls_free},
        .carrier = carrier, .socket = -1};
    // An IPv6 address stands in brackets in an address, and nowhere else.
    size_t length = strlen(host);
    int isBracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    stream->host = isBracketed ? strndup(host + 1, length - 2) : strdup(host);
    stream->port = strdup(port ? port : "443");
    if (!stream->host || !stream->port) {
        tls_free(&stream->parent);
        return failed(GIT_ERROR_NOMEMORY, "TLS", "there is no memory left");
    }
    *out = &stream->parent;
    return 0;
}

static int tls_init(git_stream **out, const char *host, const char *port) { return make(out, NULL, host, port); }
static int tls_wrap(git_stream **out, git_stream *carrier, const char *host) { return make(out, carrier, host, NULL); }

int shim_git_use_tls(void)
{
    git_stream_registration registration = {.version = GIT_STREAM_VERSION, .init = tls_init, .wrap = tls_wrap};
    return git_stream_register(GIT_STREAM_TLS, &registration);
}
