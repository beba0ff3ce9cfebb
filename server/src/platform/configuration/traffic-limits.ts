import { settingTexts, wholeNumber } from './setting-texts.ts'

/** The settings that keep one client from taking what all clients share; part of `limits`. */
export const trafficLimits = {
  maxConnections: wholeNumber(8, 1_000_000).optional().register(settingTexts, {
    kind: 'number',
    description:
      'How many connections may be open. Further ones are closed at once, with a warning in the log. At most three quarters of the file descriptors that the process may have are used for it.',
    placeholder: 'number',
    example: '5000',
    defaultText: 'half of the file descriptors that the process may have, at most 20,000',
  }),
  maxConnectionsPerAddress: wholeNumber(1, 1_000_000).optional().register(settingTexts, {
    kind: 'number',
    description:
      'How many connections one address may have open: an IPv4 address, or a network of 64 bits of IPv6. Proxies in `behindProxy` have no such limit.',
    placeholder: 'number',
    example: '200',
    defaultText: 'a quarter of `limits.maxConnections`, at most 1,024',
  }),
  requestSeconds: wholeNumber(1, 3600).default(30).register(settingTexts, {
    kind: 'number',
    description:
      'How long a request may take to arrive, with its body. Uploads of blobs have a minimum rate instead. A request that takes longer is answered with 408.',
    placeholder: 'seconds',
    example: '60',
  }),
  minUploadBytesPerSecond: wholeNumber(0, 1_000_000_000).default(1024).register(settingTexts, {
    kind: 'number',
    description:
      'How fast a client has to send a blob, as the mean of `limits.slowClientSeconds`. A slower one is cut off. What has arrived is kept. 0 sets no minimum.',
    placeholder: 'bytes',
    example: '4096',
  }),
  minDownloadBytesPerSecond: wholeNumber(0, 1_000_000_000).default(1024).register(settingTexts, {
    kind: 'number',
    description:
      'How fast a client has to read an answer, as the mean of `limits.slowClientSeconds`. A slower one is cut off. 0 sets no minimum.',
    placeholder: 'bytes',
    example: '4096',
  }),
  slowClientSeconds: wholeNumber(1, 3600).default(60).register(settingTexts, {
    kind: 'number',
    description: 'How long a client may send or read more slowly than the minimum rates.',
    placeholder: 'seconds',
    example: '120',
  }),
  maxConcurrentRequestsPerCaller: wholeNumber(1, 100_000).default(256).register(settingTexts, {
    kind: 'number',
    description:
      'How many requests of one caller are worked on at a time. 256 more wait for their turn; the others are answered with 429. A caller is a principal or, where nobody was authenticated, an address.',
    placeholder: 'number',
    example: '64',
  }),
  processorPercentPerCaller: wholeNumber(1, 100).default(25).register(settingTexts, {
    kind: 'number',
    description:
      'How much of one processor core one caller may use in the long run while others send requests too. Its requests wait until they are within that share. A caller that is alone uses all there is.',
    placeholder: 'percent',
    example: '50',
  }),
  maxBufferedMegabytesPerCaller: wholeNumber(4, 100_000).default(16).register(settingTexts, {
    kind: 'number',
    description:
      'How many megabytes of manifests that one caller sends are held in memory at a time. Further ones wait.',
    placeholder: 'megabytes',
    example: '64',
  }),
}
