import { z } from 'zod'
import type { LogLevel } from '../platform/log/log.ts'
import { tlsSettings } from './acme-settings.ts'
import { identityProviderFields, identityProvidersSchema } from './identity-providers.ts'
import { formatListenAddress, isLoopback, parseHostSuffix, parsePublicHost } from './network-address.ts'
import { withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import { databaseSettings } from './database-settings.ts'
import { parseMasterKeySource } from '../platform/keys/master-key-source.ts'
import { identitySettings } from './identity-settings.ts'
import { limitSettings } from './limit-settings.ts'
import { outboundSettings } from './outbound-settings.ts'
import { reportSettings } from './report-settings.ts'
import { settingTexts, wholeNumber } from './setting-texts.ts'
import { addressRanges, listenAddress, listenAddressOrFreePort, parsed, path, text } from './setting-values.ts'
import { storageSettings } from './storage-settings.ts'
import { trustedTenantFields, trustedTenantsSchema } from './trusted-tenants.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const satisfies readonly LogLevel[]

/** All settings, in the format of the configuration file. Unknown keys are rejected. */
export const settingsSchema = z.strictObject(
  {
    dataDir: path().register(settingTexts, {
      kind: 'text',
      description:
        'The directory that stores all state: the database, blobs, keys and certificates. Only one running server can use the directory. If `database` is set, PostgreSQL stores the database rows instead.',
      placeholder: 'directory',
      example: '/var/lib/acrux',
      defaultText:
        '`./acrux-data` in a clone of the repository. In an installed package: `$STATE_DIRECTORY` of a systemd service, `/var/lib/acrux` for root, and `$XDG_DATA_HOME/acrux` or `~/.local/share/acrux` for other users',
    }),
    database: databaseSettings,
    masterKey: parsed(parseMasterKeySource, 'must be file:PATH, env:VARIABLE or exec:COMMAND')
      .optional()
      .register(settingTexts, {
        kind: 'text',
        description:
          'The source of the key that encrypts the secrets in the database: `file:PATH`, a file with 32 random bytes, raw or in base64; `env:VARIABLE`, an environment variable with 32 random bytes in base64; or `exec:COMMAND`, a shell command that calls a key management service. The server calls the command with `wrap` or `unwrap` as the last argument. Within 30 seconds, the command must read bytes from standard input, and print the encrypted or decrypted bytes to standard output. All servers on one database need the same master key. See [The master key](../how-to/master-key.md).',
        placeholder: 'source',
        example: 'exec:/usr/local/bin/acrux-kms',
        defaultText: 'the file `master.key` in the data directory, which the first start creates',
      }),
    listen: z
      .array(listenAddressOrFreePort(), { error: 'must be HOST:PORT or a list of HOST:PORT' })
      .min(1, { error: 'must name at least one HOST:PORT' })
      .max(64, { error: 'must name no more than 64 addresses' })
      .prefault(['127.0.0.1:5443'])
      .register(settingTexts, {
        kind: 'list',
        description:
          'The addresses at which the server accepts connections. `0.0.0.0:443` and `[::]:443` mean every address of the machine. Port 0 means any free port. The last line of the output and the `--ready-file` contain the port that the server chose.',
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
          'The login server of the first registry: the host that clients use, with the port unless the port is the default port. The server builds the URLs in responses from this setting, never from a request. Registries adopt this setting and `suffix` at the next start; tokens issued for the previous host become invalid. If neither this setting nor `behindProxy` is set, the server also serves the first registry at the hosts in `listen`.',
        placeholder: 'host',
        example: 'registry.example.com',
        defaultText: '`localhost` and the port of the first `listen` address',
      }),
    suffix: parsed(parseHostSuffix, 'must be a dot and a host, such as .azurecr.example.com')
      .optional()
      .register(settingTexts, {
        kind: 'text',
        description: "The login server of each additional registry is the registry's name followed by this suffix.",
        placeholder: '.host',
        example: '.azurecr.example.com',
        defaultText: '`.azurecr.localhost` and the port of the first `listen` address',
      }),
    tlsCert: path().optional().register(settingTexts, {
      kind: 'text',
      description:
        'A PEM file with the certificate of the server, followed by the intermediate certificates. If the file changes, the server loads the file again.',
      placeholder: 'file',
      example: '/etc/acrux/tls.pem',
      defaultText: 'a certificate that the server creates, signed by `tls/ca.pem` in the data directory',
    }),
    tlsKey: path().optional().register(settingTexts, {
      kind: 'text',
      description: 'The PEM file with the unencrypted private key of the certificate in `tlsCert`.',
      placeholder: 'file',
      example: '/etc/acrux/tls.key',
      defaultText: 'none',
    }),
    tls: tlsSettings,
    http: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        'Whether the server serves HTTP instead of HTTPS. Without TLS, passwords are not encrypted on the network, so every `listen` address must be a loopback address, or `behindProxy` must be set.',
      placeholder: 'boolean',
      example: 'true',
    }),
    workers: z
      .union([z.literal('auto'), wholeNumber(1, 64)], { error: 'must be auto or a whole number from 1 to 64' })
      .default(1)
      .register(settingTexts, {
        kind: 'number',
        description:
          'How many threads accept connections. With `1`, the main thread accepts connections. With a higher number, that many further threads accept connections, answer pulls and issue tokens, and the main thread answers all other requests; `auto` is the number of processor cores. If threads cannot share an address on this system, or if `database` is set, only the main thread accepts connections.',
        placeholder: 'number',
        example: 'auto',
      }),
    behindProxy: addressRanges().register(settingTexts, {
      kind: 'list',
      description:
        'The addresses of reverse proxies in front of the server. The server accepts `X-Forwarded-For` and `X-Forwarded-Proto` only from these addresses.',
      placeholder: 'range',
      example: '10.0.0.0/8',
      defaultText: 'none',
    }),
    hstsIncludeSubDomains: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        'Whether the server adds `includeSubDomains` to the `Strict-Transport-Security` header, so that browsers also use HTTPS for all subdomains. Use `true` only if all subdomains support HTTPS.',
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
        description: 'The name of the registry that the first start creates.',
        placeholder: 'name',
        example: 'contoso',
      }),
    dev: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        'Whether the first owner keeps the generated password, for tests and local development. Without this setting, the owner must change the password at the first sign-in. Only the first start reads this setting.',
      placeholder: 'boolean',
      example: 'true',
    }),
    metricsListen: listenAddress().optional().register(settingTexts, {
      kind: 'text',
      description:
        'The separate address at which the server serves Prometheus metrics over HTTP, at the path `/metrics`. An address that is not loopback requires `metricsTokenFile`. See [monitoring](monitoring.md).',
      placeholder: 'host:port',
      example: '127.0.0.1:9090',
      defaultText: 'no metrics',
    }),
    metricsTokenFile: path().optional().register(settingTexts, {
      kind: 'text',
      description:
        'The file with the bearer token that requests for the metrics require: one line of at least 16 letters, digits and `-._~+/`. Only the user that runs the server may have access to the file. The server reads the file at startup.',
      placeholder: 'file',
      example: '/etc/acrux/metrics.token',
      defaultText: 'none: metrics on loopback require no token',
    }),
    metricsRetentionDays: wholeNumber(1, 3650).default(93).register(settingTexts, {
      kind: 'number',
      description:
        'How long the hourly counters of each registry, as shown by `az monitor metrics list`, are kept. Azure keeps metrics for 93 days.',
      placeholder: 'days',
      example: '365',
    }),
    drainSeconds: wholeNumber(0, 3600).default(0).register(settingTexts, {
      kind: 'number',
      description:
        'How long the server continues to accept connections after SIGTERM. During this time, `/readyz` returns status 503, so that load balancers select other servers, and the server closes each connection after the response. The load balancer must detect the status 503 within this time.',
      placeholder: 'seconds',
      example: '15',
    }),
    shutdownSeconds: wholeNumber(0, 3600).default(30).register(settingTexts, {
      kind: 'number',
      description: 'How long requests in progress may take to finish after SIGTERM and `drainSeconds`.',
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
        'The rules that the server follows where the OCI specification and Azure Container Registry differ. With `acr`, manifests can be deleted only by digest, sha512 is not supported, and a mount requires a source. With `acr`, the server also throttles requests, as `limits.throttling: acr` does. The property `acrux.compatibility` of a registry overrides this setting. The server handles a request with an unknown newer `api-version` as a request with the newest known version; with `acr`, the server rejects the request.',
      placeholder: 'rules',
      example: 'acr',
    }),
    acceptSparseImages: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
      kind: 'boolean',
      description:
        "Whether the server accepts an image if the repository has the image's config, but not all of the image's layers. The OCI conformance suite pushes incomplete images. Clients cannot pull an incomplete image, so use `false` in production.",
      placeholder: 'boolean',
      example: 'true',
    }),
    signingKeyRotationDays: wholeNumber(1, 3650).default(90).register(settingTexts, {
      kind: 'number',
      description: 'How long the server signs tokens with a key, before a new key replaces the key.',
      placeholder: 'days',
      example: '30',
    }),
    identity: identitySettings,
    identityProviders: identityProvidersSchema.default([]).register(settingTexts, {
      kind: 'json',
      description:
        "The OpenID providers of organisations at which users sign in. See [sign in with an organisation's provider](../how-to/organisations.md) for examples.",
      placeholder: 'json',
      example:
        '[{"name":"contoso","displayName":"Contoso","issuer":"https://id.example.com","clientId":"acrux","clientSecretFile":"/etc/acrux/contoso.secret"}]',
      defaultText: 'none',
      fields: identityProviderFields,
    }),
    trustedTenants: trustedTenantsSchema.default([]).register(settingTexts, {
      kind: 'json',
      description:
        'The Microsoft Entra tenants whose access tokens the server accepts at `/oauth2/exchange`. Users who signed in to a trusted tenant with `az login` need no separate sign-in to Acrux. The server identifies the users and applications of these tenants by tenant id and object id. Users and applications of these tenants have only the permissions of role assignments to their object ids.',
      placeholder: 'json',
      example: '[{"tenantId":"3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11"}]',
      defaultText: 'none',
      fields: trustedTenantFields,
    }),
    outbound: outboundSettings,
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
            description:
              'How often the server runs garbage collection, which deletes expired uploads, and blobs that no manifest refers to.',
            placeholder: 'seconds',
            example: '600',
          }),
          gracePeriodSeconds: wholeNumber(1, 31_536_000).default(86_400).register(settingTexts, {
            kind: 'number',
            description:
              'How long the server keeps a blob that no manifest refers to, after a client pushed or found the blob. The value must exceed the duration of the longest push.',
            placeholder: 'seconds',
            example: '7200',
          }),
        },
        { error: 'must be a mapping' },
      )
      .prefault({}),
    backup: z
      .strictObject(
        {
          directory: path().optional().register(settingTexts, {
            kind: 'text',
            description:
              'The directory to which the server writes the backups that owners request in the portal, preferably on another disk. The directory can contain any number of backups of one server; `acrux backup` can use the same directory. Without this setting, users cannot request backups.',
            placeholder: 'directory',
            example: '/backup/acrux',
            defaultText: 'none',
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
              'How long the server relies on a successful verification of stored content. After this time, a push, mount or import of the content first verifies the stored bytes again. A push replaces corrupt bytes. With 0, the server verifies stored bytes every time.',
            placeholder: 'seconds',
            example: '86400',
          }),
          scrubIntervalSeconds: wholeNumber(0, 31_536_000).default(604_800).register(settingTexts, {
            kind: 'number',
            description:
              'The time from the end of one background scrub to the start of the next scrub. A scrub verifies all stored content and quarantines corrupt content. 0 disables the scrub.',
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
    reports: reportSettings,
    limits: limitSettings,
    storage: storageSettings,
  },
  { error: 'must be a mapping of settings to values' },
)

/** All settings, with the rules over several settings and the defaults that depend on other settings. */
export const configurationSchema = settingsSchema
  .refine(({ tlsCert, tlsKey }) => tlsCert === undefined || tlsKey !== undefined, {
    error: 'a certificate requires a key: also set tlsKey',
    path: ['tlsCert'],
    when: known('tlsCert', 'tlsKey'),
  })
  .refine(({ tlsCert, tlsKey }) => tlsKey === undefined || tlsCert !== undefined, {
    error: 'a key requires a certificate: also set tlsCert',
    path: ['tlsKey'],
    when: known('tlsCert', 'tlsKey'),
  })
  .refine(({ http, tlsCert }) => !http || tlsCert === undefined, {
    error: 'HTTP uses no certificate: set http or tlsCert, not both',
    path: ['http'],
    when: known('http', 'tlsCert'),
  })
  .refine(({ tls, http, tlsCert }) => tls.acme.directory === undefined || (!http && tlsCert === undefined), {
    error: 'the certificate comes from the ACME provider: omit http and tlsCert',
    path: ['tls', 'acme', 'directory'],
    when: known('tls', 'http', 'tlsCert'),
  })
  .refine(({ http, listen, behindProxy }) => !http || behindProxy.length > 0 || listen.every(isLoopback), {
    error: 'HTTP requires loopback addresses, or a proxy in behindProxy',
    path: ['http'],
    when: known('http', 'listen', 'behindProxy'),
  })
  .refine(({ listen }) => new Set(listen.map(formatListenAddress)).size === listen.length, {
    error: 'the same address is listed twice',
    path: ['listen'],
    when: known('listen'),
  })
  .refine(
    ({ listen, metricsListen }) =>
      metricsListen === undefined || !listen.map(formatListenAddress).includes(formatListenAddress(metricsListen)),
    {
      error: 'metrics need a separate address',
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

/** A rule over several settings is checked even if other settings are invalid, so that all problems are reported together. */
function known(...settings: readonly Setting[]) {
  return (payload: z.core.ParsePayload) =>
    typeof payload.value === 'object' &&
    !Array.isArray(payload.value) &&
    payload.value !== null &&
    !payload.issues.some(({ path }) => settings.some((setting) => path?.[0] === setting))
}
