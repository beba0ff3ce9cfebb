import { resolve } from 'node:path'
import { z } from 'zod'
import type { LogLevel } from '../platform/log/log.ts'
import { identityProviderFields, identityProvidersSchema } from './identity-providers.ts'
import {
  formatListenAddress,
  isLoopback,
  parseSomeAddresses,
  parseHostSuffix,
  parseListenAddress,
  parsePublicHost,
  parseTokenService,
} from './network-address.ts'
import { withoutDefaultPort } from '../standards/azure/login-server.ts'
import { settingTexts, wholeNumber } from './setting-texts.ts'
import { trafficLimits } from './traffic-limits.ts'
import { trustedTenantFields, trustedTenantsSchema } from './trusted-tenants.ts'

/** More than any disk has, and counted exactly. */
const maxBytes = 2 ** 50

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const satisfies readonly LogLevel[]

/** All settings, as they are written in the configuration file. Unknown keys are refused. */
export const settingsSchema = z.strictObject(
  {
    dataDir: path().prefault('acrux-data').register(settingTexts, {
      kind: 'text',
      description:
        'The directory that holds all state: database, blobs, keys, certificates. One server at a time uses it.',
      placeholder: 'directory',
      example: '/var/lib/acrux',
      defaultText: '`./acrux-data`',
    }),
    listen: z
      .array(listenAddress(), { error: 'must be one HOST:PORT or a list of them' })
      .min(1, { error: 'must name at least one HOST:PORT' })
      .max(64, { error: 'must name no more than 64 addresses' })
      .prefault(['127.0.0.1:5443'])
      .register(settingTexts, {
        kind: 'list',
        description:
          'The addresses to accept connections on. `0.0.0.0:443` and `[::]:443` are every address of the machine.',
        placeholder: 'host:port',
        example: '0.0.0.0:443',
        defaultText: '`127.0.0.1:5443`',
      }),
    publicHost: parsed(
      parsePublicHost,
      'must be a host that clients can write before an image name: with a dot or a port, such as registry.example.com',
    )
      .optional()
      .register(settingTexts, {
        kind: 'text',
        description:
          "The first registry's login server: the host that clients use, with the port if it is not the default port. The server builds its addresses from this setting, never from a request. Registries adopt this setting and `suffix` at the next start; tokens issued for the previous host become invalid. Without this setting and `behindProxy`, the first registry is also served at the addresses and names of `listen`.",
        placeholder: 'host',
        example: 'registry.example.com',
        defaultText: '`localhost` and the port of the first `listen`',
      }),
    suffix: parsed(parseHostSuffix, 'must be a dot and a host, such as .azurecr.example.com')
      .optional()
      .register(settingTexts, {
        kind: 'text',
        description: 'What follows the name of a further registry in its login server.',
        placeholder: '.host',
        example: '.azurecr.example.com',
        defaultText: '`.azurecr.localhost` and the port of the first `listen`',
      }),
    tlsCert: path().optional().register(settingTexts, {
      kind: 'text',
      description:
        "A PEM file with the server's certificate, followed by those that signed it. It is picked up again when it changes.",
      placeholder: 'file',
      example: '/etc/acrux/tls.pem',
      defaultText: 'a certificate of our own making, signed by `tls/ca.pem` in the data directory',
    }),
    tlsKey: path().optional().register(settingTexts, {
      kind: 'text',
      description: 'The PEM file with the private key of `tlsCert`, not encrypted.',
      placeholder: 'file',
      example: '/etc/acrux/tls.key',
      defaultText: 'none',
    }),
    http: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        'Speak HTTP instead of HTTPS. Passwords then cross the wire in the clear, so every `listen` has to be loopback, or `behindProxy` has to be set.',
      placeholder: 'boolean',
      example: 'true',
    }),
    behindProxy: z
      .array(parsed(parseSomeAddresses, 'must be an address or a range ADDRESS/BITS that is not everybody'), {
        error: 'must be one address or range, or a list of them',
      })
      .max(64, { error: 'must name no more than 64 ranges' })
      .default([])
      .register(settingTexts, {
        kind: 'list',
        description:
          'The addresses of the reverse proxies in front. `X-Forwarded-For` and `X-Forwarded-Proto` are believed from these alone.',
        placeholder: 'range',
        example: '10.0.0.0/8',
        defaultText: 'none',
      }),
    hstsIncludeSubDomains: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        'Add `includeSubDomains` to `Strict-Transport-Security`, so that browsers use HTTPS for all subdomains as well. Set it only if all of them support HTTPS.',
      placeholder: 'boolean',
      example: 'true',
    }),
    logLevel: z
      .enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` })
      .default('info')
      .register(settingTexts, {
        kind: 'text',
        description: `Minimum log level: ${logLevels.map((level) => `\`${level}\``).join(', ')}.`,
        placeholder: 'level',
        example: 'debug',
      }),
    registry: text(/^[A-Za-z0-9]{5,50}$/, 'must be 5 to 50 letters and digits')
      .default('myregistry')
      .register(settingTexts, {
        kind: 'text',
        description: 'The name of the registry that the first start makes.',
        placeholder: 'name',
        example: 'contoso',
      }),
    dev: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        'For tests and local development: the first owner keeps the generated password. Otherwise, the owner must change it at the first sign-in. Only the first start reads this setting.',
      placeholder: 'boolean',
      example: 'true',
    }),
    metricsListen: listenAddress().optional().register(settingTexts, {
      kind: 'text',
      description:
        'Serve Prometheus metrics over HTTP at `/metrics` on a separate address. An address that is not loopback requires `metricsTokenFile`. See [monitoring.md](monitoring.md).',
      placeholder: 'host:port',
      example: '127.0.0.1:9090',
      defaultText: 'no metrics',
    }),
    metricsTokenFile: path().optional().register(settingTexts, {
      kind: 'text',
      description:
        'The file with the bearer token that requests for the metrics require: one line of at least 16 letters, digits and `-._~+/`. Only the user that the server runs as may have access to the file. It is read at startup.',
      placeholder: 'file',
      example: '/etc/acrux/metrics.token',
      defaultText: 'none: metrics on loopback require no token',
    }),
    metricsRetentionDays: wholeNumber(1, 3650).default(93).register(settingTexts, {
      kind: 'number',
      description:
        'How long the hourly counters of each registry, as shown by `az monitor metrics list`, are kept. Azure keeps them for 93 days.',
      placeholder: 'days',
      example: '365',
    }),
    shutdownSeconds: wholeNumber(0, 3600).default(30).register(settingTexts, {
      kind: 'number',
      description: 'How long requests in flight may take to finish after SIGTERM before they are cut off.',
      placeholder: 'seconds',
      example: '60',
    }),
    uploadExpirySeconds: wholeNumber(1, 31_536_000).default(3600).register(settingTexts, {
      kind: 'number',
      description: 'How long an open upload that receives no data is kept.',
      placeholder: 'seconds',
      example: '7200',
    }),
    compatibility: z.enum(['oci', 'acr'], { error: 'must be oci or acr' }).default('oci').register(settingTexts, {
      kind: 'text',
      description:
        'Which rules apply if the OCI specification and Azure Container Registry differ. With `acr`, manifests can be deleted only by digest, sha512 is not supported, a mount requires a source, and requests are throttled as with `limits.throttling: acr`. The property `compatibility` of a registry overrides this setting.',
      placeholder: 'rules',
      example: 'acr',
    }),
    acceptSparseImages: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        'Accept an image if the repository holds its config and only some of its layers. The OCI conformance suite pushes such an image. It cannot be pulled, so leave this setting off in production.',
      placeholder: 'boolean',
      example: 'true',
    }),
    signingKeyRotationDays: wholeNumber(1, 3650).default(90).register(settingTexts, {
      kind: 'number',
      description: 'How long a key signs tokens before another takes its place.',
      placeholder: 'days',
      example: '30',
    }),
    identity: z
      .strictObject(
        {
          maxSignInDays: wholeNumber(1, 3650).default(180).register(settingTexts, {
            kind: 'number',
            description:
              'The maximum lifetime of a sign-in to a program and of its refresh token, however often it is used. A lower value ends older sign-ins at the next restart.',
            placeholder: 'days',
            example: '30',
          }),
          maxWorkloadTokenSeconds: wholeNumber(60, 31_536_000).default(86_400).register(settingTexts, {
            kind: 'number',
            description:
              'The maximum lifetime of a token of a CI system, a cluster or another external issuer, from issue to expiry, plus 5 minutes for clock skew. A token with a longer lifetime is denied, however much of it is left.',
            placeholder: 'seconds',
            example: '3600',
          }),
          passwordGrant: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
            kind: 'boolean',
            description:
              'Let programs sign people in by user name and password alone, as `az login -u -p` does. People with a second factor, or a password that has to be changed, are refused all the same.',
            placeholder: 'boolean',
            example: 'true',
          }),
          requireSecondFactor: z
            .enum(['none', 'owners', 'all'], { error: 'must be none, owners or all' })
            .default('none')
            .register(settingTexts, {
              kind: 'text',
              description:
                'Who must sign in with a second factor: nobody, the owners of the directory, or everybody. A person who has none sets it up at the next sign-in, in a browser or by device code. Existing sign-ins without a second factor end.',
              placeholder: 'who',
              example: 'owners',
            }),
          secondFactorEnrolment: z
            .enum(['self', 'owner-code'], { error: 'must be self or owner-code' })
            .default('self')
            .register(settingTexts, {
              kind: 'text',
              description:
                'What a person needs to set up the first second factor: only the password, or also a code from an owner of the directory. With `owner-code`, a stolen password is not enough to set one up.',
              placeholder: 'mode',
              example: 'owner-code',
            }),
          acceptProviderMfa: z.boolean({ error: 'must be true or false' }).default(true).register(settingTexts, {
            kind: 'boolean',
            description:
              "Whether a second factor that the organisation's provider reports (`amr` with `mfa`) is accepted.",
            placeholder: 'boolean',
            example: 'false',
          }),
        },
        { error: 'must be a mapping' },
      )
      .prefault({}),
    identityProviders: identityProvidersSchema.default([]).register(settingTexts, {
      kind: 'json',
      description:
        'The OpenID providers of organisations, at which their people sign in. [organisations.md](../how-to/organisations.md) has worked examples.',
      placeholder: 'json',
      example:
        '[{"name":"contoso","displayName":"Contoso","issuer":"https://id.example.com","clientId":"acrux","clientSecretFile":"/etc/acrux/contoso.secret"}]',
      defaultText: 'none',
      fields: identityProviderFields,
    }),
    trustedTenants: trustedTenantsSchema.default([]).register(settingTexts, {
      kind: 'json',
      description:
        'The tenants of Microsoft Entra whose access tokens are accepted at `/oauth2/exchange`, so that who has signed in there with `az login` needs no other sign-in. Their users and applications are known by tenant and object id; they have the rights that role assignments give to that object id, and none by being of the tenant.',
      placeholder: 'json',
      example: '[{"tenantId":"3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11"}]',
      defaultText: 'none',
      fields: trustedTenantFields,
    }),
    outbound: z
      .strictObject(
        {
          allowPrivateAddresses: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
            kind: 'boolean',
            description:
              'Whether the issuers of federated credentials and trusted tenants, registries that images are imported from, and webhooks of the audit log, may be at loopback and private addresses: whoever owns an application, or may import, can then have the server ask such an address. Link-local addresses, and those by which clouds give credentials away, stay closed.',
            placeholder: 'boolean',
            example: 'true',
          }),
          allowedNetworks: z
            .array(parsed(parseSomeAddresses, 'must be an address or a range ADDRESS/BITS that is not everybody'), {
              error: 'must be one address or range, or a list of them',
            })
            .max(64, { error: 'must name no more than 64 ranges' })
            .default([])
            .register(settingTexts, {
              kind: 'list',
              description:
                'Networks in which such issuers, registries and webhooks may be, whatever `outbound.allowPrivateAddresses` says.',
              placeholder: 'range',
              example: '10.20.0.0/16',
              defaultText: 'none',
            }),
          tokenServices: z
            .array(
              parsed(parseTokenService, 'must be REGISTRY=HOST, two hosts with their ports where those are not 443'),
              {
                error: 'must be one pair of hosts, or a list of them',
              },
            )
            .max(64, { error: 'must name no more than 64 registries' })
            .default([])
            .register(settingTexts, {
              kind: 'list',
              description:
                'Registries that images are imported from and whose token service has another host, each with that host. Their credentials go there, too. Nothing has to be said of Docker Hub, nor where the registry is below the other host, as `registry.gitlab.com` is.',
              placeholder: 'pair',
              example: 'registry.example.com=gitlab.example.com',
              defaultText: 'none',
            }),
          caFile: path().optional().register(settingTexts, {
            kind: 'text',
            description:
              'A PEM file with certificate authorities that such issuers, registries and webhooks are trusted by, besides those that the system trusts.',
            placeholder: 'file',
            example: '/etc/acrux/organisation-ca.pem',
            defaultText: 'none',
          }),
        },
        { error: 'must be a mapping' },
      )
      .prefault({}),
    audit: z
      .strictObject(
        {
          retentionDays: wholeNumber(0, 36_500).default(0).register(settingTexts, {
            kind: 'number',
            description:
              'How long an event of the audit log is kept. The oldest events are removed together with their part of the chain; the rest of the chain stays valid. 0 keeps all events forever.',
            placeholder: 'days',
            example: '365',
          }),
        },
        { error: 'must be a mapping' },
      )
      .prefault({}),
    gc: z
      .strictObject(
        {
          intervalSeconds: wholeNumber(1, 31_536_000).default(3600).register(settingTexts, {
            kind: 'number',
            description: 'How often blobs that no manifest refers to, and expired uploads, are looked for and removed.',
            placeholder: 'seconds',
            example: '600',
          }),
          leaseSeconds: wholeNumber(1, 31_536_000).default(86_400).register(settingTexts, {
            kind: 'number',
            description:
              'How long a blob that a client pushed or found is kept while no manifest refers to it. It must be longer than the longest push.',
            placeholder: 'seconds',
            example: '7200',
          }),
        },
        { error: 'must be a mapping' },
      )
      .prefault({}),
    integrity: z
      .strictObject(
        {
          verifyAfterSeconds: wholeNumber(0, 31_536_000).default(1_209_600).register(settingTexts, {
            kind: 'number',
            description:
              'A push, mount or import of content that is already stored verifies the stored bytes, unless they were verified within this time. A push replaces corrupt bytes. 0 verifies them every time.',
            placeholder: 'seconds',
            example: '86400',
          }),
          scrubIntervalSeconds: wholeNumber(0, 31_536_000).default(604_800).register(settingTexts, {
            kind: 'number',
            description:
              'The time from the end of one background scrub to the start of the next. A scrub verifies all stored content and quarantines corrupt content. 0 turns it off.',
            placeholder: 'seconds',
            example: '86400',
          }),
          scrubBytesPerSecond: wholeNumber(65_536, 1_000_000_000_000).default(16_777_216).register(settingTexts, {
            kind: 'number',
            description: 'The maximum read rate of the background scrub, in bytes per second.',
            placeholder: 'bytes',
            example: '67108864',
          }),
        },
        { error: 'must be a mapping' },
      )
      .prefault({}),
    limits: z
      .strictObject(
        {
          ...trafficLimits,
          maxUploadsPerRepository: wholeNumber(1, 1_000_000).default(1000).register(settingTexts, {
            kind: 'number',
            description: 'How many uploads may be open in one repository.',
            placeholder: 'number',
            example: '200',
          }),
          throttling: z.enum(['off', 'acr'], { error: 'must be off or acr' }).default('off').register(settingTexts, {
            kind: 'text',
            description:
              "Whether requests are limited, by registry and by identity, as Azure Container Registry limits them for the registry's SKU. Each process counts for itself.",
            placeholder: 'mode',
            example: 'acr',
          }),
          maxConcurrentImports: wholeNumber(1, 1000).default(4).register(settingTexts, {
            kind: 'number',
            description:
              'How many images are imported at a time; sixteen times as many may wait for their turn. Each may take six hours.',
            placeholder: 'number',
            example: '8',
          }),
          freeSpaceReserveBytes: wholeNumber(0, maxBytes).optional().register(settingTexts, {
            kind: 'number',
            description:
              'The free space on the file system of `dataDir` that content may not use. If less space is free, uploads, new manifests and imports are denied with 507; sign-in, tokens, deletes, the audit log and garbage collection continue.',
            placeholder: 'bytes',
            example: '5368709120',
            defaultText: '5 % of the file system, at least 1 GiB and at most 20 GiB, and never more than a quarter',
          }),
          registryQuotaBytes: wholeNumber(0, maxBytes).default(0).register(settingTexts, {
            kind: 'number',
            description:
              'The quota of a registry that has none of its own, in bytes, including open uploads. A blob that several repositories share counts once. 0 means no limit.',
            placeholder: 'bytes',
            example: '107374182400',
          }),
          repositoryQuotaBytes: wholeNumber(0, maxBytes).default(0).register(settingTexts, {
            kind: 'number',
            description:
              'The quota of a repository that has none of its own, in bytes, including open uploads. 0 means no limit.',
            placeholder: 'bytes',
            example: '10737418240',
          }),
          maxConcurrentUploadsPerCaller: wholeNumber(1, 100_000).default(256).register(settingTexts, {
            kind: 'number',
            description:
              'How many uploads one caller may have open in one registry. At this limit, a new upload ends the one that has been idle longest.',
            placeholder: 'number',
            example: '64',
          }),
        },
        { error: 'must be a mapping' },
      )
      .prefault({}),
  },
  { error: 'must be a mapping of settings to values' },
)

/** All settings with what they have to say together, and the defaults that follow from others. */
export const configurationSchema = settingsSchema
  .refine(({ tlsCert, tlsKey }) => tlsCert === undefined || tlsKey !== undefined, {
    error: 'a certificate needs its key: set tlsKey too',
    path: ['tlsCert'],
    when: known('tlsCert', 'tlsKey'),
  })
  .refine(({ tlsCert, tlsKey }) => tlsKey === undefined || tlsCert !== undefined, {
    error: 'a key needs its certificate: set tlsCert too',
    path: ['tlsKey'],
    when: known('tlsCert', 'tlsKey'),
  })
  .refine(({ http, tlsCert }) => !http || tlsCert === undefined, {
    error: 'HTTP has no use for a certificate: set http or tlsCert, not both',
    path: ['http'],
    when: known('http', 'tlsCert'),
  })
  .refine(({ http, listen, behindProxy }) => !http || behindProxy.length > 0 || listen.every(isLoopback), {
    error: 'HTTP is for loopback addresses, or behind a proxy that is named in behindProxy',
    path: ['http'],
    when: known('http', 'listen', 'behindProxy'),
  })
  .refine(({ listen }) => new Set(listen.map(formatListenAddress)).size === listen.length, {
    error: 'the same address is named twice',
    path: ['listen'],
    when: known('listen'),
  })
  .refine(
    ({ listen, metricsListen }) =>
      metricsListen === undefined || !listen.map(formatListenAddress).includes(formatListenAddress(metricsListen)),
    {
      error: 'metrics need an address of their own',
      path: ['metricsListen'],
      when: known('listen', 'metricsListen'),
    },
  )
  .refine(
    ({ metricsListen, metricsTokenFile }) =>
      metricsListen === undefined || metricsTokenFile !== undefined || isLoopback(metricsListen),
    {
      error: 'metrics on an address that is not loopback require a bearer token: also set metricsTokenFile',
      path: ['metricsListen'],
      when: known('metricsListen', 'metricsTokenFile'),
    },
  )
  .transform(({ publicHost, suffix, ...settings }) => {
    const port = settings.listen[0]?.port
    const portPart = port === undefined || port === (settings.http ? 80 : 443) ? '' : `:${port}`
    const usualPort = settings.http && settings.behindProxy.length === 0 ? 80 : 443
    return {
      ...settings,
      /** Whether the public host is configured. */
      hasPublicHost: publicHost !== undefined,
      publicHost: withoutDefaultPort(publicHost ?? `localhost${portPart}`, usualPort),
      suffix: withoutDefaultPort(suffix ?? `.azurecr.localhost${portPart}`, usualPort),
    }
  })

type Setting = keyof z.output<typeof settingsSchema>

/** A rule over several settings is looked at although others are wrong, so that all problems are told at once. */
function known(...settings: readonly Setting[]) {
  return (payload: z.core.ParsePayload) =>
    typeof payload.value === 'object' &&
    !Array.isArray(payload.value) &&
    payload.value !== null &&
    !payload.issues.some(({ path }) => settings.some((setting) => path?.[0] === setting))
}

function text(form: RegExp, error: string) {
  return z.string({ error }).regex(form, { error })
}

function path() {
  return text(/^[^\0]{1,4096}$/, 'must be a path').transform((value) => resolve(value))
}

function listenAddress() {
  return parsed(parseListenAddress, 'must be HOST:PORT, such as 127.0.0.1:5443')
}

function parsed<Value>(parse: (text: string) => Value | undefined, message: string) {
  return z.string({ error: message }).transform((input, context) => {
    const value = parse(input)
    if (value !== undefined) return value
    context.issues.push({ code: 'custom', message, input })
    return z.NEVER
  })
}
