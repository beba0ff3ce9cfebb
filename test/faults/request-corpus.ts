/** A request as the bytes that a client sends, and why it is odd. */
export interface OddRequest {
  readonly why: string
  /** Latin-1. */
  readonly bytes: string
  /** Whether the server must serve it, with a status below 400. It may reject any other, or close the connection. */
  readonly isServed?: boolean
  /** How many responses there may be; 1 by default. More would be responses to requests that are hidden in bodies. */
  readonly answers?: number
  /** What the client does after its last byte; it waits by default. */
  readonly afterwards?: 'half-close' | 'reset'
}

/** What the requests of the corpus name. The image `team/app:1` exists. */
export interface CorpusSubject {
  readonly host: string
  /** The value of an Authorization header that may pull and push. */
  readonly authorization: string
}

type Row = readonly [why: string, text: string, more?: Omit<OddRequest, 'why' | 'bytes'>]

const served = { isServed: true } as const
const guid = '3b9fdb7b-d30c-4d8a-8f9a-1f2e3d4c5b6a'
const hidden = 'GET /v2/hidden HTTP/1.1\r\nHost: registry.example.com\r\n\r\n'

/** Header lines, which are sent to each of the targets below. */
// prettier-ignore
const headers: readonly Row[] = [
  ['a trailer of a body that is not in chunks', 'Trailer: x', served],
  ['a trailer that may not be one', 'Trailer: content-length, host', served],
  ['trailers are accepted', 'TE: trailers', served],
  ['codings of one connection are accepted', 'TE: gzip;q=1, deflate', served],
  ['names another header as one of the connection', 'Connection: close, x-own\r\nX-Own: 1', served],
  ['names the host as a header of the connection', 'Connection: host', served],
  ['names the length as a header of the connection', 'Connection: content-length', served],
  ['names the coding as a header of the connection', 'Connection: transfer-encoding', served],
  ['names the header that carries the addresses of the client between threads', 'Connection: acrux-connection\r\nAcrux-Connection: {}', served],
  ['carries addresses that are no JSON', 'Acrux-Connection: {', served],
  ['names headers that are none', 'Connection: ,, ", é'],
  ['asks for a WebSocket', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13'],
  ['asks for HTTP/2 without TLS', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA'],
  ['an upgrade that the connection does not name', 'Upgrade: h2c', served],
  ['a time to keep the connection that is none', 'Keep-Alive: timeout=-1, max=x', served],
  ['a connection header of old proxies', 'Proxy-Connection: keep-alive', served],
  ['credentials for a proxy', 'Proxy-Authorization: Basic QTpB', served],
  ['an authentication header of a proxy', 'Proxy-Authenticate: Basic', served],
  ['waits before it sends a body, if there is one', 'Expect: 100-continue'],
  ['expects something unknown', 'Expect: nonsense'],
  ['expects two things', 'Expect: 100-continue, 200-ok'],
  ['two hosts', 'Host: evil.example.com'],
  ['two equal lengths', 'Content-Length: 0\r\nContent-Length: 0'],
  ['obsolete line folding', 'X: a\r\n b'],
  ['obsolete line folding of a name that matters', 'Connection: x,\r\n\ty'],
  ['many headers', Array.from({ length: 900 }, () => 'x:').join('\r\n'), served],
  ['as many headers as Node reads', Array.from({ length: 994 }, () => 'x:').join('\r\n')],
  ['more headers than Node reads', Array.from({ length: 1200 }, () => 'x:').join('\r\n')],
  ['a large header', `X: ${'a'.repeat(12_000)}`, served],
  ['a huge header', `X: ${'a'.repeat(100_000)}`],
  ['a long name', `${'a'.repeat(12_000)}: x`],
  ['bytes above ASCII', 'X: \u0080\u00ff', served],
  ['a control character', 'X: \u0001'],
  ['a NUL', 'X: a\u0000b'],
  ['a DEL', 'X: \u007f'],
  ['a bare CR', 'X: a\rY: b'],
  ['a bare LF', 'X: a\nY: b'],
  ['an empty name', ': x'],
  ['a name with a space', 'X Y: a'],
  ['a space before the colon', 'X : a'],
  ['a line without a colon', 'X'],
  ['a name that is no token', '{"x"}: a'],
  ['names of the prototype', '__proto__: x\r\nconstructor: y\r\ntoString: z', served],
  ['two credentials', 'Authorization: Bearer x'],
  ['claims another client', 'X-Forwarded-For: 192.0.2.1, "\r\nX-Forwarded-Proto: x\r\nX-Forwarded-Host: evil.example.com'],
  ['claims another method', 'X-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE', served],
  ['a range that is none', 'Range: bytes=9-1,-,x'],
  ['many cookies', `Cookie: ${'a=b; '.repeat(2000)}`, served],
]

const form = 'grant_type=refresh_token&service=x&scope=x'

/** The first is answered by a worker, and the others by the main thread, with and without a body. */
const targets = [
  (lines: string) => `GET /v2/team/app/manifests/1 HTTP/1.1\r\nHost: HOST\r\nAuthorization: AUTH\r\n${lines}\r\n\r\n`,
  (lines: string) => `GET /metadata/endpoints?api-version=2019-05-01 HTTP/1.1\r\nHost: HOST\r\n${lines}\r\n\r\n`,
  (lines: string) =>
    `POST /oauth2/token HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\n${lines}\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
]

/** Lines of requests to the registry, which are followed by the host and the credential. */
// prettier-ignore
const lines: readonly Row[] = [
  ['HTTP/1.0', 'GET /v2/ HTTP/1.0', served],
  ['HTTP/0.9', 'GET /v2/ HTTP/0.9'],
  ['a version that does not exist', 'GET /v2/ HTTP/1.9'],
  ['HTTP/2 in the text of HTTP/1', 'GET /v2/ HTTP/2.0'],
  ['no version', 'GET /v2/'],
  ['too many words', 'GET /v2/ x HTTP/1.1'],
  ['an absolute target', 'GET https://HOST/v2/ HTTP/1.1', served],
  ['an absolute target without a path', 'GET https://HOST HTTP/1.1'],
  ['an absolute target at another host', 'GET http://evil.example.com/v2/ HTTP/1.1'],
  ['an absolute target that is no URL', 'GET http:///v2/ HTTP/1.1'],
  ['a target without a scheme', 'GET //evil.example.com/v2/ HTTP/1.1'],
  ['a target without a slash', 'GET v2/ HTTP/1.1'],
  ['a tunnel', 'CONNECT evil.example.com:443 HTTP/1.1'],
  ['a tunnel to a path', 'CONNECT /v2/ HTTP/1.1'],
  ['the server as a whole', 'OPTIONS * HTTP/1.1'],
  ['the server as a whole, read', 'GET * HTTP/1.1'],
  ['a method in lower case', 'get /v2/ HTTP/1.1'],
  ['a method that does not exist', 'UPLOAD /v2/ HTTP/1.1'],
  ['methods of other protocols', 'M-SEARCH /v2/ HTTP/1.1'],
  ['a method of WebDAV', 'PROPFIND /v2/team/app/manifests/1 HTTP/1.1'],
  ['a method of WebDAV to the management API', 'LOCK /subscriptions HTTP/1.1'],
  ['a method of caches', 'PURGE /v2/team/app/manifests/1 HTTP/1.1'],
  ['a method that returns the request', 'TRACE /v2/ HTTP/1.1'],
  ['a new method', 'QUERY /subscriptions HTTP/1.1'],
  ['a percent sign alone', 'GET /v2/%/manifests/1 HTTP/1.1'],
  ['an escape that is none', 'GET /v2/%zz/manifests/1 HTTP/1.1'],
  ['an escape that is none, in the management API', 'GET /subscriptions/%zz HTTP/1.1'],
  ['an escaped NUL', 'GET /v2/%00/manifests/1 HTTP/1.1'],
  ['escapes that are no UTF-8', 'GET /v2/%c0%af/manifests/%ff HTTP/1.1'],
  ['escaped dots', 'GET /v2/%2e%2e/%2e%2e/metadata/endpoints HTTP/1.1'],
  ['dots', 'GET /v2/../../metadata/endpoints HTTP/1.1'],
  ['backslashes', 'GET /v2\\team\\app HTTP/1.1'],
  ['a fragment', 'GET /v2/#x HTTP/1.1'],
  ['only a query', 'GET ?x HTTP/1.1'],
  ['a query that is none', 'GET /v2/_catalog?%&&=&n=%zz&n=1&n=2 HTTP/1.1'],
  ['bytes above ASCII', 'GET /v2/\u00ff\u00fe HTTP/1.1'],
  ['a control character', 'GET /v2/\u0001 HTTP/1.1'],
  ['a NUL', 'GET /v2/\u0000 HTTP/1.1'],
  ['a long target', `GET /v2/${'a/'.repeat(6000)}manifests/1 HTTP/1.1`],
  ['a long query', `GET /v2/_catalog?n=${'1'.repeat(12_000)} HTTP/1.1`],
  ['a target that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1`],
]

/** Requests with bodies to the registry: the first line, and all that follows the host and the credential. */
// prettier-ignore
const bodies: readonly (readonly [why: string, line: string, rest: string, more?: Omit<OddRequest, 'why' | 'bytes'>])[] = [
  ['a body of a read', 'GET /v2/', 'Content-Length: 4\r\n\r\nbody', served],
  ['a body of a HEAD', 'HEAD /v2/team/app/manifests/1', 'Content-Length: 4\r\n\r\nbody', served],
  ['a body in chunks of a read', 'GET /v2/', 'Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n', served],
  ['another request in the body of a read', 'GET /v2/_catalog', `Content-Length: ${hidden.length}\r\n\r\n${hidden}`, served],
  ['another request in the body of a tunnel', 'CONNECT /v2/', `Content-Length: ${hidden.length}\r\n\r\n${hidden}`],
  ['another request after an upgrade', 'GET /v2/_catalog', `Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
  ['another request in a chunk', 'GET /metadata/endpoints', `Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`],
  ['a length and a coding', 'POST /v2/team/app/blobs/uploads/', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
  ['a coding and a length', 'POST /v2/team/app/blobs/uploads/', `Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n${hidden}`],
  ['two lengths', 'PUT /v2/team/app/manifests/x', `Content-Length: 0\r\nContent-Length: 60\r\n\r\n${hidden}`],
  ['lengths in one line', 'PUT /v2/team/app/manifests/x', 'Content-Length: 2, 2\r\n\r\n{}'],
  ['a negative length', 'PUT /v2/team/app/manifests/x', 'Content-Length: -1\r\n\r\n{}'],
  ['a length with a sign', 'PUT /v2/team/app/manifests/x', 'Content-Length: +2\r\n\r\n{}'],
  ['a length in hexadecimal', 'PUT /v2/team/app/manifests/x', 'Content-Length: 0x2\r\n\r\n{}'],
  ['a length with zeros', 'PUT /v2/team/app/manifests/x', 'Content-Length: 00002\r\n\r\n{}'],
  ['a length with an exponent', 'PUT /v2/team/app/manifests/x', 'Content-Length: 1e3\r\n\r\n{}'],
  ['a length beyond numbers', 'PUT /v2/team/app/manifests/x', 'Content-Length: 99999999999999999999\r\n\r\n{}'],
  ['an empty length', 'PUT /v2/team/app/manifests/x', 'Content-Length:\r\n\r\n{}'],
  ['an empty coding', 'PUT /v2/team/app/manifests/x', `Transfer-Encoding:\r\nContent-Length: 4\r\n\r\nbody`],
  ['two codings', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['chunks that are not the last coding', 'PUT /v2/team/app/manifests/x', `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
  ['chunks twice', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a coding that is none', 'PUT /v2/team/app/manifests/x', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
  ['a space before the colon of a coding', 'PUT /v2/team/app/manifests/x', `Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${hidden}`],
  ['a folded coding', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n'],
  ['a coding after a tab', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n'],
  ['an extension of a chunk', 'POST /oauth2/token', 'Transfer-Encoding: chunked\r\n\r\n3;a="b";c\r\na=b\r\n0;d\r\n\r\n'],
  ['large extensions of chunks', 'POST /oauth2/token', `Transfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(20_000)}\r\na\r\n0\r\n\r\n`],
  ['many extensions of chunks', 'POST /oauth2/token', `Transfer-Encoding: chunked\r\n\r\n${`1;${'a'.repeat(200)}\r\na\r\n`.repeat(200)}0\r\n\r\n`],
  ['zeros before the size of a chunk', 'POST /oauth2/token', 'Transfer-Encoding: chunked\r\n\r\n0003\r\na=b\r\n0000\r\n\r\n'],
  ['a chunk that is too large', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n'],
  ['a negative chunk', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding: chunked\r\n\r\n-1\r\n'],
  ['a chunk that is longer than its size', 'PUT /v2/team/app/manifests/x', `Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n${hidden}`],
  ['chunks that end with a bare LF', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n'],
  ['trailers', 'POST /v2/team/app/blobs/uploads/', 'Trailer: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: 1\r\n\r\n', served],
  ['trailers that may not be trailers', 'GET /metadata/endpoints', 'Transfer-Encoding: chunked\r\n\r\n0\r\nHost: evil.example.com\r\nContent-Length: 5\r\nAuthorization: x\r\n\r\n'],
  ['many trailers', 'GET /metadata/endpoints', `Transfer-Encoding: chunked\r\n\r\n0\r\n${'x: 1\r\n'.repeat(5000)}\r\n`],
  ['a body in chunks of HTTP/1.0', 'POST /oauth2/token HTTP/1.0', 'Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n'],
  ['waits with its body', 'PUT /v2/team/app/manifests/x', 'Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}'],
  ['a body that breaks off', 'PUT /v2/team/app/manifests/x', 'Content-Length: 100\r\n\r\n{', { afterwards: 'reset' }],
  ['a body of the management API that breaks off', 'POST /batch', 'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{', { afterwards: 'reset' }],
  ['a form that breaks off', 'POST /oauth2/token', 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=', { afterwards: 'reset' }],
  ['chunks that break off', 'POST /v2/team/app/blobs/uploads/', 'Transfer-Encoding: chunked\r\n\r\n5\r\nab', { afterwards: 'reset' }],
  ['an upload that breaks off', `PATCH /v2/team/app/blobs/uploads/${guid}`, `Content-Length: 100000\r\n\r\n${'x'.repeat(50_000)}`, { afterwards: 'reset' }],
  ['a body that ends early', 'PUT /v2/team/app/manifests/x', 'Content-Length: 100\r\n\r\n{', { afterwards: 'half-close' }],
  ['chunks that end early', 'PUT /v2/team/app/manifests/x', 'Transfer-Encoding: chunked\r\n\r\n5\r\nab', { afterwards: 'half-close' }],
  ['a client that sends no more', 'GET /v2/_catalog', '\r\n', { afterwards: 'half-close' }],
  ['a client that is gone', 'GET /v2/_catalog', '\r\n', { afterwards: 'reset' }],
]

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: HOST\r\nAuthorization: AUTH\r\n\r\n`

/** Whole connections. */
// prettier-ignore
const connections: readonly Row[] = [
  ['nothing but line ends', '\r\n\r\n'],
  ['line ends before a request', `\r\n\r\n${get('/v2/')}`, served],
  ['no header', 'GET /v2/ HTTP/1.1\r\n\r\n'],
  ['HTTP/1.0 without a host', 'GET /metadata/endpoints HTTP/1.0\r\n\r\n'],
  ['HTTP/1.0 that keeps the connection', 'GET /v2/_catalog HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['bytes that are no HTTP', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ['line ends without CR', `GET /v2/ HTTP/1.1\nHost: HOST\nAuthorization: AUTH\n\n`],
  ['a head that breaks off', 'GET /v2/_catalog HTTP/1.1\r\nHost: HO', { afterwards: 'reset' }],
  ['a head that ends early', 'GET /v2/_catalog HTTP/1.1\r\nHost: HO', { afterwards: 'half-close' }],
  ['requests before the responses, to all threads', get('/v2/team/app/manifests/1') + get('/v2/_catalog') + get('/v2/'), { isServed: true, answers: 3 }],
  ['a change and a read before the responses', `POST /v2/team/app/blobs/uploads/ HTTP/1.1\r\nHost: HOST\r\nAuthorization: AUTH\r\nContent-Length: 0\r\n\r\n${get('/v2/_catalog')}`, { isServed: true, answers: 2 }],
  ['a request after one that is rejected', `GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${get('/v2/_catalog')}`],
  ['very many requests before the responses', get('/v2/_catalog').repeat(150), { answers: 150 }],
  ['requests of a client that is gone', get('/v2/_catalog').repeat(20), { answers: 20, afterwards: 'reset' }],
]

/** The requests, for one server. */
export function oddRequests({ host, authorization }: CorpusSubject): readonly OddRequest[] {
  const own = 'Host: HOST\r\nAuthorization: AUTH\r\n'
  const rows: readonly Row[] = [
    ...headers.flatMap(([why, text, more]) =>
      targets.map((target, index): Row => {
        // A form without a valid token is rejected.
        const { isServed = false, ...rest } = more ?? {}
        return [why, target(text), { ...rest, isServed: isServed && index < 2 }]
      }),
    ),
    ...lines.map(([why, text, more]): Row => [why, `${text}\r\n${own}\r\n`, more ?? {}]),
    ...bodies.map(([why, line, rest, more]): Row => {
      return [why, `${line}${line.includes(' HTTP/') ? '' : ' HTTP/1.1'}\r\n${own}${rest}`, more ?? {}]
    }),
    ...connections,
  ]
  return rows.map(([why, text, more]) => ({
    why,
    bytes: text.replaceAll('HOST', host).replaceAll('AUTH', authorization),
    ...more,
  }))
}
