import { settingTexts, wholeNumber } from './setting-texts.ts'

/** The settings in `limits` that keep one client from exhausting shared resources. */
export const trafficLimits = {
  maxConnections: wholeNumber(8, 1_000_000).optional().register(settingTexts, {
    kind: 'number',
    description:
      'The maximum number of open connections. Further connections are closed at once, with a warning in the log. The server uses at most three quarters of the file descriptor limit of the process for connections.',
    placeholder: 'number',
    example: '5000',
    defaultText: 'half of the file descriptor limit of the process, at most 20,000',
  }),
  maxConnectionsPerAddress: wholeNumber(1, 1_000_000).optional().register(settingTexts, {
    kind: 'number',
    description:
      'The maximum number of open connections of one address: an IPv4 address or an IPv6 /64 network. The limit does not apply to proxies in `behindProxy`.',
    placeholder: 'number',
    example: '200',
    defaultText: 'a quarter of `limits.maxConnections`, at most 1,024',
  }),
  requestSeconds: wholeNumber(1, 3600).default(30).register(settingTexts, {
    kind: 'number',
    description:
      'How long a request and its body may take to arrive. A slower request is answered with 408. Blob uploads have a minimum rate instead.',
    placeholder: 'seconds',
    example: '60',
  }),
  minUploadBytesPerSecond: wholeNumber(0, 1_000_000_000).default(1024).register(settingTexts, {
    kind: 'number',
    description:
      'The minimum rate of a blob upload, averaged over `limits.slowClientSeconds`. A slower upload is disconnected; the received bytes are kept. 0 means no minimum.',
    placeholder: 'bytes',
    example: '4096',
  }),
  minDownloadBytesPerSecond: wholeNumber(0, 1_000_000_000).default(1024).register(settingTexts, {
    kind: 'number',
    description:
      'The minimum rate at which a client reads a response, averaged over `limits.slowClientSeconds`. A slower client is disconnected. 0 means no minimum.',
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
      'How many requests of one caller are processed at the same time. 256 more wait in a queue; further requests are answered with 429. With `workers`, the limit is for all threads together, and each thread has a queue. A caller is a principal or, for unauthenticated requests, an address.',
    placeholder: 'number',
    example: '64',
  }),
  processorPercentPerCaller: wholeNumber(1, 100).default(25).register(settingTexts, {
    kind: 'number',
    description:
      'The share of a processor core that one caller may use while other callers send requests. Requests over this share wait. A single active caller may use the whole server. With `workers`, each worker adds a core, and the time in all threads counts: with 25 and four workers, one caller may use one core.',
    placeholder: 'percent',
    example: '50',
  }),
  maxBufferedMegabytesPerCaller: wholeNumber(4, 100_000).default(16).register(settingTexts, {
    kind: 'number',
    description:
      'How many megabytes of manifests from one caller may be in memory at the same time. Further manifests wait.',
    placeholder: 'megabytes',
    example: '64',
  }),
}
