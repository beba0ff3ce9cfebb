import { z } from 'zod'
import { settingTexts, wholeNumber } from './setting-texts.ts'
import { trafficLimits } from './traffic-limits.ts'

/** Larger than any disk, and an exact number. */
const maxBytes = 2 ** 50

/** The settings in `limits`. */
export const limitSettings = z
  .strictObject(
    {
      ...trafficLimits,
      maxUploadsPerRepository: wholeNumber(1, 1_000_000).default(1000).register(settingTexts, {
        kind: 'number',
        description: 'The maximum number of open uploads in one repository.',
        placeholder: 'number',
        example: '200',
      }),
      throttling: z.enum(['off', 'acr'], { error: 'must be off or acr' }).default('off').register(settingTexts, {
        kind: 'text',
        description:
          "Whether the server applies the request limits of Azure Container Registry for the registry's SKU, per registry and per identity. Each server process counts requests separately.",
        placeholder: 'mode',
        example: 'acr',
      }),
      maxConcurrentImports: wholeNumber(1, 1000).default(4).register(settingTexts, {
        kind: 'number',
        description:
          'The maximum number of concurrent imports. The queue accepts sixteen waiting imports for each concurrent import. An import may take up to six hours, including the time in the queue. If the maximum is greater than one, a single caller or registry can run at most one import less than the maximum.',
        placeholder: 'number',
        example: '8',
      }),
      freeSpaceReserveBytes: wholeNumber(0, maxBytes).optional().register(settingTexts, {
        kind: 'number',
        description:
          'The number of bytes that content must leave free on the file system of `dataDir`. If less space is free, uploads, new manifests and imports are denied with 507; sign-in, tokens, deletes, the audit log and garbage collection continue.',
        placeholder: 'bytes',
        example: '5368709120',
        defaultText:
          '5 % of the file system, at least 1 GiB and at most 20 GiB, but never more than a quarter of the file system',
      }),
      registryQuotaBytes: wholeNumber(0, maxBytes).default(0).register(settingTexts, {
        kind: 'number',
        description:
          'The default quota of a registry in bytes, including open uploads. A blob that several repositories share counts only once. 0 means no limit.',
        placeholder: 'bytes',
        example: '107374182400',
      }),
      repositoryQuotaBytes: wholeNumber(0, maxBytes).default(0).register(settingTexts, {
        kind: 'number',
        description: 'The default quota of a repository in bytes, including open uploads. 0 means no limit.',
        placeholder: 'bytes',
        example: '10737418240',
      }),
      maxConcurrentUploadsPerCaller: wholeNumber(1, 100_000).default(256).register(settingTexts, {
        kind: 'number',
        description:
          "How many uploads one caller may have open in one registry. If a caller exceeds the limit, the server ends the caller's upload that was idle for the longest time.",
        placeholder: 'number',
        example: '64',
      }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})
