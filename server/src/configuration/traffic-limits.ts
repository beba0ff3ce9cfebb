import { settingTexts, wholeNumber } from './setting-texts.ts'

/** The settings in `limits` that keep one client from exhausting shared resources. */
export const trafficLimits = {
  maxConnections: wholeNumber(8, 1_000_000).optional().register(settingTexts, {
    kind: 'number',
    description:
      'The maximum number of open connections. The server closes further connections immediately, and logs a warning. The server uses at most three quarters of the file descriptor limit of the process for connections.',
    placeholder: 'number',
    example: '5000',
    defaultText: 'half of the file descriptor limit of the process, at most 20,000',
  }),
  maxConnectionsPerAddress: wholeNumber(1, 1_000_000).optional().register(settingTexts, {
    kind: 'number',
    description:
      'The maximum number of open connections from one IPv4 address or IPv6 /64 network. The limit does not apply to proxies in `behindProxy`.',
    placeholder: 'number',
    example: '200',
    defaultText: 'a quarter of `limits.maxConnections`, at most 1,024',
  }),
  requestSeconds: wholeNumber(1, 3600).default(30).register(settingTexts, {
    kind: 'number',
    description:
      'How long a client may take to send a request, including the body. The server rejects a slower request with status 408. For blob uploads, `limits.minUploadBytesPerSecond` applies instead.',
    placeholder: 'seconds',
    example: '60',
  }),
  minUploadBytesPerSecond: wholeNumber(0, 1_000_000_000).default(1024).register(settingTexts, {
    kind: 'number',
    description:
      'The minimum rate of a blob upload, averaged over `limits.slowClientSeconds`. The server disconnects a slower upload, and keeps the received bytes. 0 means no minimum.',
    placeholder: 'bytes',
    example: '4096',
  }),
  minDownloadBytesPerSecond: wholeNumber(0, 1_000_000_000).default(1024).register(settingTexts, {
    kind: 'number',
    description:
      'The minimum rate at which a client reads a response, averaged over `limits.slowClientSeconds`. The server disconnects a slower client. 0 means no minimum.',
    placeholder: 'bytes',
    example: '4096',
  }),
  slowClientSeconds: wholeNumber(1, 3600).default(60).register(settingTexts, {
    kind: 'number',
    description: 'How long a client may stay below the minimum rates.',
    placeholder: 'seconds',
    example: '120',
  }),
  maxConcurrentRequestsPerCaller: wholeNumber(1, 100_000).default(256).register(settingTexts, {
    kind: 'number',
    description:
      'How many requests from one caller the server processes at the same time. 256 more requests wait in a queue, and the server rejects further requests with status 429. With several `workers`, the limit applies to all threads together, and each thread has a queue. A caller is a principal or, for unauthenticated requests, a network address.',
    placeholder: 'number',
    example: '64',
  }),
  processorPercentPerCaller: wholeNumber(1, 100).default(25).register(settingTexts, {
    kind: 'number',
    description:
      "The share of a processor core that one caller may use while other callers send requests. If a caller exceeds the share, the caller's requests wait. A single active caller may use the whole server. With several `workers`, each worker adds a core: with a share of 25 percent and four workers, one caller may use one core.",
    placeholder: 'percent',
    example: '50',
  }),
  maxBufferedMegabytesPerCaller: wholeNumber(4, 100_000).default(16).register(settingTexts, {
    kind: 'number',
    description: "The maximum total size of one caller's manifests in memory, in megabytes. Further manifests wait.",
    placeholder: 'megabytes',
    example: '64',
  }),
}
